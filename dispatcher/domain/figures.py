"""Whole numbers that people type."""

MOST_DIGITS = 9


def whole_number(text: str) -> int | None:
    """The number that a text is, of nine digits at most; None for everything else.

    Python refuses to read some thousands of digits: a ValueError where nobody expects it.
    """
    is_one = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_one else None
