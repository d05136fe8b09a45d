"""Tests of the domain touch nothing, and are not timed."""

from hypothesis import settings

# A slow machine is no failure: examples have no deadline.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
