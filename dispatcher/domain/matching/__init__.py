"""Matching waiting requests with published slots: which pairs may be, which are best, and why.

The way through: `needs` (what is matched) → `agenda` and `columns` (as arrays) → `feasibility`
(which pairs may be, or for which reasons not) → `cost` (named terms and their weights) → `assign`
(the whole queue at once, by way of `solver`) or `candidates` (one request in front of a regulator)
→ `explain` (in words). `hindsight` and `prices` learn from past weeks what slots are worth.

Nothing is left to chance. Between equal costs the earlier start wins, then the smaller slot id;
between equal needs the one that is due earlier, then asked earlier, then the smaller request id.
"""
