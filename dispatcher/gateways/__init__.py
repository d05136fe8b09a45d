"""The outside world: for each neighbour a Protocol, the real one, and one for demonstrations."""
