"""A signed ACI contract: its lines (`contract`), and what a year of it earns (`settlement`)."""
