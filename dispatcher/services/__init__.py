"""Use cases: each public function is one verb and owns its transaction."""
