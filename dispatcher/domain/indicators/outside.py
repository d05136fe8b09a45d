"""Figures that only the CPAM or the ARS can compute: defined here, typed in with date and source.

The list is that of the lines found in signed contracts and of the national indicators of access to
care; a contract's own lines add to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.domain.calendar import NBSP


class OutsideUnit(StrEnum):
    """What a figure from outside counts."""

    NUMBER = "number"
    PERCENT = "percent"
    """0 to 100."""


@dataclass(frozen=True, slots=True)
class OutsideFigure:
    """What is counted, by whom, in French words for who reads it."""

    code: str
    label: str
    formula: str
    giver: str
    unit: OutsideUnit = OutsideUnit.NUMBER


_CPAM, _ARS = "CPAM", "CPAM ou ARS"
OUTSIDE: Mapping[str, OutsideFigure] = {
    each.code: each
    for each in (
        OutsideFigure(
            "ed_without_hospitalisation",
            "Passages aux urgences non suivis d’hospitalisation",
            "Forfaits ATU des habitants du territoire, sur douze mois.",
            _ARS,
        ),
        OutsideFigure(
            "ed_without_hospitalisation_share",
            "Passages aux urgences sans hospitalisation, pour cent consommants",
            f"Forfaits ATU sur{NBSP}100{NBSP}habitants ayant reçu des soins dans l’année.",
            _ARS,
            OutsideUnit.PERCENT,
        ),
        OutsideFigure(
            "without_gp_share",
            "Part des patients sans médecin traitant",
            f"Patients de 16{NBSP}ans et plus sans médecin traitant déclaré, sur tous ceux de 16"
            f"{NBSP}ans et plus.",
            _CPAM,
            OutsideUnit.PERCENT,
        ),
        OutsideFigure(
            "over_16_with_gp",
            f"Patients de 16{NBSP}ans et plus avec médecin traitant",
            "Médecin traitant déclaré au jour de la requête.",
            _CPAM,
        ),
        OutsideFigure(
            "ald_without_gp",
            "Patients en ALD sans médecin traitant",
            "Affection de longue durée ouverte, aucun médecin traitant déclaré.",
            _CPAM,
        ),
        OutsideFigure(
            "c2s_ald_without_gp",
            "Bénéficiaires de la C2S en ALD sans médecin traitant",
            "Complémentaire santé solidaire et ALD ouvertes, aucun médecin traitant déclaré.",
            _CPAM,
        ),
        OutsideFigure(
            "over_70_without_gp",
            f"Patients de plus de 70{NBSP}ans sans médecin traitant",
            "Aucun médecin traitant déclaré au jour de la requête.",
            _CPAM,
        ),
        OutsideFigure(
            "breast_screening",
            "Dépistage du cancer du sein",
            "Femmes dépistées sur femmes concernées.",
            _CPAM,
            OutsideUnit.PERCENT,
        ),
        OutsideFigure(
            "cervix_screening",
            "Dépistage du cancer du col de l’utérus",
            "Femmes dépistées sur femmes concernées.",
            _CPAM,
            OutsideUnit.PERCENT,
        ),
        OutsideFigure(
            "colorectal_screening",
            "Dépistage du cancer colorectal",
            "Personnes dépistées sur personnes concernées.",
            _CPAM,
            OutsideUnit.PERCENT,
        ),
    )
}
