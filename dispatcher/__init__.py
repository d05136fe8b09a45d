"""Answering requests for unscheduled care (soins non programmés) over a territory."""

__version__ = "0.1.0"
"""As in pyproject.toml."""
