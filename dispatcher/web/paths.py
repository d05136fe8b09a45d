"""Paths of this site that came from outside."""

import re
from urllib.parse import urlsplit

_LEADS_ASTRAY = re.compile(r"[\x00-\x20\x7f\\]")


def safe_path(wanted: str) -> str:
    """A path of this site to go on to; empty for anything that could lead to another address."""
    parts = urlsplit(wanted)
    is_path = wanted.startswith("/") and not wanted.startswith("//")
    if not is_path or parts.scheme or parts.netloc or _LEADS_ASTRAY.search(wanted):
        return ""
    return wanted
