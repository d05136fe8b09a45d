"""How long a session lasts, and the words for the device it was opened on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

IDLE = timedelta(hours=4)
"""A session without an action of its owner ends after this; what polls by itself is none."""
LONGEST = timedelta(hours=12)
"""A working day: after this everybody signs in again."""
NOTED_EVERY = timedelta(minutes=1)
"""An action is written down at most this often."""
PROVED_FOR = timedelta(minutes=10)
"""For so long after a proof, files leave the house and settings are changed without another."""
UNKNOWN_BROWSER = "Navigateur inconnu"

# What a browser says of itself, the more particular before what it pretends to be.
_BROWSERS: Sequence[tuple[str, str]] = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Sequence[tuple[str, str]] = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def is_over(began_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Whether a session has lasted long enough, or nobody has used it for too long."""
    return now - seen_at > IDLE or now - began_at > LONGEST


def device_in_words(user_agent: str) -> str:
    """« Firefox sur Windows »: enough to know one's own, too little to follow anybody by."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), UNKNOWN_BROWSER)
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return f"{browser} sur {system}" if system else browser
