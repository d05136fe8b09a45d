"""How long what is kept is kept; applied each night by `forget_old`.

No text says it of a CPTS's list of requests: these are proposals, to be validated by the CPTS's
data protection officer (DATA.md, legal sources there).
"""

from datetime import timedelta

IDENTITIES = timedelta(days=365)
"""Who a patient is, and all that was written about them, after their last request was closed.

What happened stays, with ids alone: the contract's figures are counted from it.
"""
IDEMPOTENCY_KEYS = timedelta(days=7)
"""Keys of repeated API calls: longer than any application repeats one."""
KEPT_PROMISES = timedelta(days=30)
"""Work that was done. What was given up stays until an administrator has it tried again."""
PRACTITIONER_LINKS = timedelta(days=30)
"""Digests of practitioners' links after they expired: until then the page says that it is over."""
OPENINGS = timedelta(days=365)
"""Who opened which patient's file: six months to a year, says the CNIL (journalisation, 2021)."""
SENT_EMAILS = timedelta(days=90)
"""E-mails to professionals, after they left or were given up."""
SESSIONS = timedelta(days=1)
"""Sessions that nobody signed out of: they end after twelve hours by themselves."""
