"""Small counts are not told outside the house: few people of a village are somebody."""

from collections.abc import Mapping

from dispatcher.domain.indicators.definition import Dimension

SMALLEST_TOLD = 5
ABOUT_PEOPLE = frozenset({Dimension.COMMUNE, Dimension.AGE_BAND, Dimension.MOTIVE_GROUP})
"""Dimensions that say something about who asked."""


def masked(dimension: Dimension | str, parts: Mapping[str, int]) -> dict[str, int | None]:
    """The parts of a figure, None where a count may not leave the house.

    The parts make the whole, which is told: where one alone would be hidden, it could be reckoned,
    so the next smallest is hidden with it.
    """
    if dimension not in ABOUT_PEOPLE:
        return dict(parts)
    hidden = {part for part, count in parts.items() if 0 < count < SMALLEST_TOLD}
    others = [part for part, count in parts.items() if count >= SMALLEST_TOLD]
    if len(hidden) == 1 and others:
        hidden.add(min(others, key=lambda part: (parts[part], part)))
    return {part: None if part in hidden else count for part, count in parts.items()}
