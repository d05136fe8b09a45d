"""What a number that no territory knows is told: it has no row to hang a message on."""

import hashlib

from flask import current_app
from flask_limiter import RateLimitExceeded

from dispatcher.domain import gsm
from dispatcher.domain.inbound import Intent, understand

SENTENCE = (
    "Votre numéro n’est lié à aucune demande de soins : votre message n’a été transmis à personne."
    " Appelez votre médecin ou votre CPTS. En cas d’urgence, appelez le 15."
)
ANSWERS = "2 per day"
"""Enough for a person; a machine that answers ours is left alone."""


def answer_to(sender: str, body: str) -> str | None:
    """The SMS to answer with; None for STOP, which the provider answers, and in excess."""
    if understand(body).intent in {Intent.STOP, Intent.START}:
        return None
    (limiter,) = current_app.extensions["limiter"]
    digest = hashlib.sha256(sender.encode()).hexdigest()
    try:
        with limiter.limit(ANSWERS, key_func=lambda: digest):
            return gsm.to_gsm(SENTENCE)
    except RateLimitExceeded:
        return None
