"""Matching waiting requests with published slots: which pairs may be, which are best, and why.

The way through: `needs` (what is matched) → `columns` (as arrays) → `feasibility` (which pairs may
be, or for which reasons not) → `cost` (named terms and their weights) → `assign` (the whole queue
at once, by way of `solver`) or `candidates` (one request in front of a regulator) → `explain` (in
words).
"""
