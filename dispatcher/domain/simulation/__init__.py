"""A territory's days and weeks replayed on the real engine, without a database.

A `Scenario` is what somebody wrote down; a `Demand` is what happens in it, drawn from a seed or
read from the past; a policy gives places to those who ask, as they ask; `Tally` counts what came of
it. Nothing here decides for real: decisions are `dispatcher.domain.matching`'s.
"""
