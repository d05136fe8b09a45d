"""The texts of the e-mails: `config/emails/<kind>.txt`, the subject on the first line.

As with the SMS, a text can only name what is listed here: nothing that says who a patient is,
nothing of health.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.sms_leaks import about_health

DIRECTORY: Final = Path(__file__).parent / "emails"
LANGUAGE: Final = "fr"
_PLACEHOLDER = re.compile(r"\{([a-zà-öø-ÿœ]+)\}")

# sender   the territory's name          phone   where a person answers
# inviter  who invites, by name          link    a page of this site
# until    the last day of the link, « mardi 24 novembre »
# month    « novembre 2026 »                the others as in an SMS (`sms_texts.py`)
PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "invitation": frozenset({"sender", "phone", "inviter", "link", "until"}),
    "activity_report": frozenset({"sender", "phone", "month", "link"}),
    "offer": frozenset({"sender", "code", "day", "time", "link"}),
    "practitioner_notice": frozenset({"sender", "code", "day", "time", "address", "phone", "link"}),
    "cancelled_by_patient": frozenset({"sender", "code", "day", "time", "link"}),
    "cancelled_by_regulator_practitioner": frozenset({"sender", "code", "day", "time", "link"}),
    "late_notice": frozenset({"sender", "code", "day", "time", "delay", "phone"}),
    "closing_question": frozenset({"sender", "day", "count", "link"}),
    "publication_question": frozenset({"sender", "day", "time", "link"}),
    "agenda_unread": frozenset({"sender", "day", "time", "link"}),
    "reinforcement_call": frozenset({"sender", "day", "link"}),
}
"""By `EmailKind`: what its text says, all of it and nothing else."""


class EmailTextsError(ValueError):
    """The texts cannot be used as they are, or a value is missing; the message names each fault."""


@dataclass(frozen=True, slots=True)
class EmailTexts:
    """Texts that were checked, by kind."""

    by_kind: Mapping[str, str]

    def render(self, kind: str, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject and body, filled in. Raises EmailTextsError for a value missing or too many."""
        if values.keys() != PLACEHOLDERS[kind] or not all(map(str.strip, values.values())):
            raise EmailTextsError(f"{kind}: needs {sorted(PLACEHOLDERS[kind])}, each with a value")
        whole = _PLACEHOLDER.sub(lambda match: values[match[1]].strip(), self.by_kind[kind])
        subject, _, body = whole.partition("\n")
        return subject.strip(), body.strip() + "\n"


def load(directory: Path = DIRECTORY) -> EmailTexts:
    """Read and check every text. Raises EmailTextsError: a process does not start without them."""
    if faults := check(directory):
        raise EmailTextsError("\n".join(faults))
    return EmailTexts(_read(directory))


def check(directory: Path = DIRECTORY) -> list[str]:
    """The faults of the texts, one line each."""
    texts = _read(directory)
    faults = [f"{kind}: no text" for kind in sorted(PLACEHOLDERS.keys() - texts.keys())]
    for kind, text in texts.items():
        if kind not in PLACEHOLDERS:
            faults.append(f"{kind}: no e-mail of this kind")
            continue
        subject, _, body = text.partition("\n")
        around = _PLACEHOLDER.sub(" ", text)
        if not subject.strip() or not body.strip():
            faults.append(f"{kind}: needs a subject and a body")
        if re.search(r"[{}]", around):
            faults.append(f"{kind}: a brace that is no placeholder")
        if set(_PLACEHOLDER.findall(text)) != PLACEHOLDERS[kind]:
            faults.append(f"{kind}: must name {sorted(PLACEHOLDERS[kind])} and nothing else")
        if word := about_health(around, LANGUAGE):
            faults.append(f'{kind}: "{word}" says something about health')
    return faults


def _read(directory: Path) -> dict[str, str]:
    return {
        path.stem: path.read_text(encoding="utf-8").strip()
        for path in sorted(directory.glob("*.txt"))
    }
