"""Answering requests for unscheduled care (soins non programmés) over a territory."""
