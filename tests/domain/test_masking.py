"""What leaves the house tells no small counts about people."""

import pytest

from dispatcher.domain.indicators.masking import masked


@pytest.mark.parametrize(
    ("dimension", "parts", "told"),
    [
        ("commune", {"a": 12, "b": 7}, {"a": 12, "b": 7}),
        ("commune", {"a": 12, "b": 4, "c": 2}, {"a": 12, "b": None, "c": None}),
        # one alone could be reckoned from the whole: the next smallest is hidden with it
        ("commune", {"a": 12, "b": 7, "c": 1}, {"a": 12, "b": None, "c": None}),
        ("age_band", {"0-9": 5, "70-79": 4}, {"0-9": None, "70-79": None}),
        ("motive_group", {"SKIN_WOUND": 1}, {"SKIN_WOUND": None}),
        ("commune", {"a": 0, "b": 9}, {"a": 0, "b": 9}),
        ("commune", {}, {}),
        # a practice or a regulation is nobody’s health
        ("origin", {"SAS": 1}, {"SAS": 1}),
        ("profession", {"10": 2}, {"10": 2}),
    ],
)
def test_small_counts_about_people_are_hidden(
    dimension: str, parts: dict[str, int], told: dict[str, int | None]
) -> None:
    assert masked(dimension, parts) == told
