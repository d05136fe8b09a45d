"""The territory's directory: who does what, where; searched, and printed."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dispatcher.domain.roles import Role
from dispatcher.reads.directory_page import DirectoryEntry, directory_of
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.wording import Choice, Wording, plain, shown_phone

room = Blueprint("directory", __name__, url_prefix="/annuaire")
MOST_SHOWN = 1000
YES = "1"
KEEPERS = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})
"""Who may import and invite."""


@room.get("")
@allow(Role.REGULATOR, Role.PRACTITIONER, Role.COORDINATOR, Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Everybody, or whom the words and the choices leave, by profession."""
    account = viewer()
    wording = Wording.of(house(), account)
    values = {
        name: request.args.get(name, "").strip()
        for name in ("q", "profession", "volontaires", "nouveaux", "retires")
    }
    keeps = account.role in KEEPERS
    everybody = directory_of(
        house().db, account.territory_id, active=not (keeps and values["retires"])
    )
    found = [each for each in everybody if _fits(each, values, wording)]
    known = sorted({each.profession for each in everybody}, key=wording.profession)
    return render_template(
        "directory/overview.html",
        values=values,
        professions=[Choice(code, wording.profession(code)) for code in known],
        groups=_groups(found[:MOST_SHOWN], wording, account.department),
        count=len(found),
        total=len(everybody),
        more=max(len(found) - MOST_SHOWN, 0),
        keeps=keeps,
        printed=wording.relative(wording.now),
    )


def _fits(each: DirectoryEntry, values: dict[str, str], wording: Wording) -> bool:
    """Every word is somewhere in the entry, at the beginning of a word of it."""
    if values["profession"] and each.profession != values["profession"]:
        return False
    if values["volontaires"] and not each.volunteers:
        return False
    if values["nouveaux"] and not each.accepts_new_patients:
        return False
    wished = plain(values["q"]).split()
    if not wished:
        return True
    words = plain(
        " ".join(
            (
                each.last_name,
                each.first_name,
                each.rpps or "",
                wording.profession(each.profession),
                wording.specialty(each.specialty),
                *(
                    f"{place.label} {place.address} {place.postcode} {place.commune_name}"
                    for place in each.places
                ),
            )
        )
    ).split()
    return all(any(word.startswith(wish) for word in words) for wish in wished)


def _groups(
    found: Iterable[DirectoryEntry], wording: Wording, department: str
) -> list[dict[str, Any]]:
    """By profession, in the order of the catalogue."""
    by_profession: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        by_profession.setdefault(each.profession, []).append(_row(each, wording, department))
    order = {code: place for place, code in enumerate(house().catalogue.professions)}
    return [
        {"label": wording.profession(code), "rows": rows}
        for code, rows in sorted(by_profession.items(), key=lambda item: order.get(item[0], 99))
    ]


def _row(each: DirectoryEntry, wording: Wording, department: str) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": " ".join(
            part for part in (each.title, each.last_name.upper(), each.first_name) if part
        ),
        "specialty": wording.specialty(each.specialty),
        "new_patients": {None: "", True: "yes", False: "no"}[each.accepts_new_patients],
        "opens_slots": each.opens_slots,
        "accepts_offers": each.accepts_offers,
        "places": [
            {
                "label": place.label,
                "address": place.address,
                "town": f"{place.postcode} {place.commune_name}".strip(),
                "phone": shown_phone(place.phone, department) if place.phone else "",
                "dial": place.phone or "",
            }
            for place in each.places
        ],
    }
