"""Extracts of the national directory, real in shape, about nobody.

The header is the one of the open extract (Annuaire Santé, Licence Ouverte 2.0); the numbers begin
with 999, which no professional's does.
"""

import io
from collections.abc import Iterable

HEADER = (
    "Type d'identifiant PP",
    "Identifiant PP",
    "Identification nationale PP",
    "Code civilité d'exercice",
    "Libellé civilité d'exercice",
    "Code civilité",
    "Libellé civilité",
    "Nom d'exercice",
    "Prénom d'exercice",
    "Code profession",
    "Libellé profession",
    "Code catégorie professionnelle",
    "Libellé catégorie professionnelle",
    "Code type savoir-faire",
    "Libellé type savoir-faire",
    "Code savoir-faire",
    "Libellé savoir-faire",
    "Code mode exercice",
    "Libellé mode exercice",
    "Numéro SIRET site",
    "Numéro SIREN site",
    "Numéro FINESS site",
    "Numéro FINESS établissement juridique",
    "Identifiant technique de la structure",
    "Raison sociale site",
    "Enseigne commerciale site",
    "Complément destinataire (coord. structure)",
    "Complément point géographique (coord. structure)",
    "Numéro Voie (coord. structure)",
    "Indice répétition voie (coord. structure)",
    "Code type de voie (coord. structure)",
    "Libellé type de voie (coord. structure)",
    "Libellé Voie (coord. structure)",
    "Mention distribution (coord. structure)",
    "Bureau cedex (coord. structure)",
    "Code postal (coord. structure)",
    "Code commune (coord. structure)",
    "Libellé commune (coord. structure)",
    "Code pays (coord. structure)",
    "Libellé pays (coord. structure)",
    "Téléphone (coord. structure)",
    "Téléphone 2 (coord. structure)",
    "Télécopie (coord. structure)",
    "Adresse e-mail (coord. structure)",
    "Code Département (structure)",
    "Libellé Département (structure)",
    "Ancien identifiant de la structure",
    "Autorité d'enregistrement",
    "Code secteur d'activité",
    "Libellé secteur d'activité",
    "Code section tableau pharmaciens",
    "Libellé section tableau pharmaciens",
    "Code rôle",
    "Libellé rôle",
    "Code genre d'activité",
    "Libellé genre d'activité",
)
COORDINATES = " (coord. structure)"


def rpps(number: int) -> str:
    """The eleven digits of somebody who does not exist, with the right key (Luhn)."""
    body = f"999{number:07d}"
    for key in range(10):
        digits = body + str(key)
        total = 0
        for position, char in enumerate(reversed(digits)):
            value = int(char) * (1 + position % 2)
            total += value - 9 * (value > 9)
        if total % 10 == 0:
            return digits
    raise AssertionError(body)


def cells(number: int, **changes: str) -> dict[str, str]:
    """One line about the professional of that number: a doctor of their own in Lons-le-Saunier."""
    values = {
        "Type d'identifiant PP": "8",
        "Identifiant PP": rpps(number),
        "Identification nationale PP": f"8{rpps(number)}",
        "Libellé civilité d'exercice": "Docteur",
        "Code civilité": "MME",
        "Libellé civilité": "Madame",
        "Nom d'exercice": f"ESSAI{number}",
        "Prénom d'exercice": "ANNE-MARIE",
        "Code profession": "10",
        "Libellé profession": "Médecin",
        "Code catégorie professionnelle": "C",
        "Libellé catégorie professionnelle": "Civil",
        "Code type savoir-faire": "S",
        "Code savoir-faire": "SM54",
        "Code mode exercice": "L",
        "Libellé mode exercice": "Libéral",
        "Identifiant technique de la structure": f"R999{number:08d}",
        f"Numéro Voie{COORDINATES}": str(number),
        f"Libellé type de voie{COORDINATES}": "Rue",
        f"Libellé Voie{COORDINATES}": "DE L'ESSAI",
        f"Bureau cedex{COORDINATES}": "39000 LONS LE SAUNIER",
        f"Code postal{COORDINATES}": "39000",
        f"Code commune{COORDINATES}": "39300",
        f"Libellé commune{COORDINATES}": "Lons-le-Saunier",
        f"Téléphone{COORDINATES}": "0384000000",
    }
    short = {name.removesuffix(COORDINATES): name for name in HEADER}
    return values | {short[name.replace("_", " ")]: value for name, value in changes.items()}


def line(values: dict[str, str], header: Iterable[str] = HEADER) -> str:
    """As the file has it: a separator at the end too."""
    return "".join(f"{values.get(name, '')}|" for name in header)


def extract(*lines: str, header: Iterable[str] = HEADER) -> io.BytesIO:
    """The whole file."""
    whole = ["".join(f"{name}|" for name in header), *lines]
    return io.BytesIO(("\n".join(whole) + "\n").encode())
