"""The demonstration: everything on one machine, with fictitious people, under one supervisor."""
