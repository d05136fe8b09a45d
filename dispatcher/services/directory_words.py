"""What is told of an import in French, on a terminal, on the page and in its file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.directory.extract import REFUSING, Fault
from dispatcher.domain.directory.people import Verdict

FAULTS: Final[Mapping[str, str]] = {
    Fault.COLUMNS: "Nombre de colonnes inattendu",
    Fault.TOO_LONG: "Ligne trop longue",
    Fault.NO_RPPS: "Professionnel sans numéro RPPS",
    Fault.RPPS_KEY: "Clé du numéro RPPS qui ne correspond pas",
    Fault.NO_NAME: "Nom ou prénom absent",
    Fault.ENCODING: "Caractères mal codés, lus au mieux",
    Fault.UNKNOWN_COMMUNE: "Commune inconnue, sans doute fusionnée depuis",
    Fault.SITE_KEY: "Numéro FINESS ou SIRET douteux",
}
VERDICTS: Final[Mapping[str, str]] = {
    Verdict.NEW: "Nouveaux",
    Verdict.UPDATED: "Mis à jour",
    Verdict.SAME: "Inchangés",
    Verdict.OTHER_NAME: "Connus ici sous un autre nom",
    Verdict.WITHOUT_NUMBER: "Déjà ici, sans numéro RPPS",
    Verdict.ABSENT: "Absents de l’extraction",
}
ONE: Final[Mapping[str, str]] = {
    Verdict.NEW: "nouveau",
    Verdict.UPDATED: "mis à jour",
    Verdict.SAME: "inchangé",
    Verdict.OTHER_NAME: f"connu ici sous un autre nom{NBSP}: rien n’est changé",
    Verdict.WITHOUT_NUMBER: f"déjà ici sans numéro RPPS{NBSP}: rien n’est changé",
    Verdict.ABSENT: f"n’est plus dans l’extraction, dans ces communes{NBSP}: rien n’est changé",
}
FIELDS: Final[Mapping[str, str]] = {
    "title": "civilité",
    "last_name": "nom",
    "first_name": "prénom",
    "profession": "profession",
    "specialty": "spécialité",
    "place": "lieu ajouté",
    "place.label": "nom du lieu",
    "place.address": "adresse",
    "place.postcode": "code postal",
    "place.commune": "commune",
    "place.phone": "téléphone",
    "place.finess": "FINESS",
    "place.siret": "SIRET",
}
NO_LINE: Final = 0
HEADER: Final = ("Ligne", "RPPS", "Nom", "Résultat", "Changé", "Gardé tel que saisi ici")


def fields(names: Sequence[str]) -> str:
    """« adresse, téléphone »."""
    return ", ".join(FIELDS[name] for name in names)


def report_rows(told: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """The report line by line: what became of each line that was kept, and what is wrong with it.

    Whoever is in no line any more comes first.
    """
    yield HEADER
    rows: list[tuple[int, Sequence[str]]] = [
        (
            number,
            (
                each["rpps"],
                each["name"],
                ONE[each["verdict"]],
                fields(each["changed"]),
                fields(each["kept"]),
            ),
        )
        for each in told["people"]
        for number in each["lines"] or [NO_LINE]
    ]
    rows += [
        (
            each["number"],
            ("", each["value"], f"{FAULTS[each['fault']]}{_refused(each['fault'])}", "", ""),
        )
        for each in told["findings"]
    ]
    for number, cells in sorted(rows, key=lambda row: row[0]):
        yield (str(number or ""), *cells)


def _refused(fault: str) -> str:
    return f"{NBSP}: ligne laissée" if fault in REFUSING else ""
