"""Read-only queries, each shaped for one screen or one decision."""
