"""What the page of the contract shows, from a settlement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import url_for

from config import agreements
from dispatcher.domain import calendar
from dispatcher.domain.aci.contract import Contract, Line, Source
from dispatcher.domain.aci.settlement import SettledLine, Settlement
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.papers.contract_words import (
    PAYMENTS,
    SOURCES,
    UNKNOWN,
    cents,
    euros,
    goal,
    limit_of,
    next_step,
    origin_of,
    value_of,
)
from dispatcher.papers.words import NOT_KNOWN

GRADES = {
    "proven": ("success", "check", "prouvé"),
    "inferred": ("warning", "info", "déduit"),
    "unknown": ("neutral", "help", "inconnu"),
}
SOURCE_WORDS = {
    Source.LOG: "compté par ce logiciel",
    Source.CPAM: "chiffre saisi avec sa date et son document",
    Source.MANUAL: "noté par la coordination, avec sa preuve",
}
HEAD = """# Une mission par [[mission]], une ligne de la part variable par [[mission.line]].
# Les montants sont ceux du contrat signé. La somme des lignes d’une mission est son enveloppe
# variable. Un montant que personne ne connaît ne s’écrit pas, et se lit « inconnu ».
#
# [[mission.line]]
# code = "rdv_honores"
# label = "Rendez-vous de soins non programmés honorés"
# eur = 10000
# source = "log"            # log (notre journal), cpam (saisie) ou manual (à justifier)
# indicator = "honoured"
# tiers = [{ limit = 200, eur = 4000 }, { limit = 600, eur = 10000 }]
# evidence = "Liste des actes, sceau du journal"
"""


def page(settlement: Settlement, today: date) -> dict[str, Any]:
    """Everything of a year but the choice of another one."""
    year = settlement.contract
    fixed = [mission.fixed_eur for mission in year.missions]
    known_fixed = [each for each in fixed if each is not None]
    left = settlement.variable_eur - settlement.earned_eur
    reckoned = settlement.at_pace_eur
    due = next((payment.on for payment in settlement.payments if payment.on >= today), None)
    due_eur = sum((each.eur for each in settlement.payments if each.on == due), Decimal())
    return {
        "name": year.name,
        "agreement": _agreement_title(year),
        "period_label": calendar.span(year.first, year.last),
        "is_over": year.last < today,
        "cards": [
            _card(
                "Part variable acquise",
                euros(settlement.earned_eur),
                f"sur {euros(settlement.variable_eur)}{_share(settlement)}",
                "success",
            ),
            _card(
                "Au rythme actuel",
                euros(reckoned),
                "le dernier jour de l’année de contrat",
                "warning" if reckoned < settlement.variable_eur else "success",
            ),
            _card("Encore à portée", euros(left), "paliers qui ne sont pas atteints"),
            _card(
                "Part fixe",
                euros(sum(known_fixed)) if known_fixed else UNKNOWN,
                "" if len(known_fixed) == len(fixed) else "des montants sont inconnus",
            ),
            _card(
                "Prochain versement",
                NOT_KNOWN if due is None else cents(due_eur),
                "" if due is None else f"le{NBSP}{due:%d/%m/%Y}",
            ),
        ],
        "missions": [
            {
                "label": mission.label,
                "fixed": euros(mission.fixed_eur),
                "variable": euros(mission.variable_eur),
                "earned": euros(sum(each.eur for each in settlement.lines[mission.code])),
                "starts": "" if mission.starts is None else f"{mission.starts:%d/%m/%Y}",
                "lines": [_line(each, year) for each in settlement.lines[mission.code]],
            }
            for mission in year.missions
        ],
        "payments": [
            {
                "on": f"{payment.on:%d/%m/%Y}",
                "mission": next(m.label for m in year.missions if m.code == payment.mission),
                "what": PAYMENTS[payment.what],
                "eur": cents(payment.eur),
                "is_past": payment.on < today,
            }
            for payment in settlement.payments
        ],
        "payments_total": cents(sum((p.eur for p in settlement.payments), Decimal())),
        "amounts": _amounts(year),
    }


def choices() -> dict[str, Any]:
    """Agreements and sizes to begin a contract with."""
    known = [agreements.load(code) for code in agreements.codes()]
    return {
        "agreements": [{"value": each.code, "label": each.title} for each in known],
        "sizes": [
            {"value": str(size), "label": f"Taille {size}{NBSP}: {label}"}
            for size, label in known[-1].size_labels.items()
        ],
    }


def outline_asked(
    values: Mapping[str, str], outline: Callable[[str, int, date, date], Contract]
) -> Contract:
    """A contract to begin with. Raises InvalidError by field."""
    faults: dict[str, str] = {}
    if values["accord"] not in agreements.codes():
        faults["accord"] = "Choisissez un accord de la liste."
    elif values["taille"] not in map(str, agreements.load(values["accord"]).size_labels):
        faults["taille"] = "Choisissez une taille de la liste."
    days = {}
    for name in ("signature", "debut"):
        try:
            days[name] = date.fromisoformat(values[name])
        except ValueError:
            faults[name] = "Indiquez une date qui existe."
    if faults:
        raise InvalidError(faults)
    return outline(values["accord"], int(values["taille"]), days["signature"], days["debut"])


def following(year: Contract) -> Contract:
    """The same terms a year later, to be changed."""
    first = year.last + timedelta(days=1)
    try:
        last = first.replace(year=first.year + 1) - timedelta(days=1)
    except ValueError:  # 29 February
        last = date(first.year + 1, 2, 28)
    missions = tuple(replace(mission, starts=None) for mission in year.missions)
    return replace(year, first=first, last=last, missions=missions)


def _line(settled: SettledLine, year: Contract) -> dict[str, Any]:
    line, value = settled.line, settled.value
    return {
        "label": line.label,
        "source": SOURCES[line.source],
        "evidence": line.evidence,
        "carried_over": line.carried_over,
        "goal": goal(line),
        "value": "" if value is None else value_of(line, value.figure),
        "value_detail": origin_of(settled),
        "steps": [
            {
                "limit": limit_of(line, step),
                "eur": euros(step.eur),
                "reached": number < settled.tier,
            }
            for number, step in enumerate(line.steps)
        ],
        "eur": euros(settled.eur),
        "max": euros(line.eur),
        "is_whole": settled.eur == line.eur,
        "next": next_step(settled, year),
        "type_url": (
            ""
            if line.source is Source.LOG
            else url_for("typed_figures.overview", indicateur=line.key)
        ),
        "acts_url": _acts_url(line, settled, year),
    }


def _acts_url(line: Line, settled: SettledLine, year: Contract) -> str:
    if line.source is not Source.LOG or settled.value is None:
        return ""
    return url_for(
        "coordinator.acts", indicateur=line.indicator, du=year.first, au=settled.value.on
    )


def _amounts(year: Contract) -> Sequence[dict[str, Any]]:
    """What the agreement says of the contract's size, with the grade of each figure."""
    agreement = agreements.load(year.agreement)
    return [
        {
            "mission": mission.label,
            "part": part.label,
            "eur": euros(part.amounts[year.size].eur),
            "grade": GRADES[part.amounts[year.size].grade],
            "source": agreement.sources.get(part.amounts[year.size].source, ""),
            "note": part.amounts[year.size].note,
            "one_off": part.one_off,
        }
        for mission in agreement.missions
        for part in mission.parts
    ]


def _agreement_title(year: Contract) -> str:
    return f"{agreements.load(year.agreement).title}, taille {year.size}"


def _share(settlement: Settlement) -> str:
    if not settlement.variable_eur:
        return ""
    share = 100 * settlement.earned_eur / settlement.variable_eur
    return f", soit {share:.0f}{NBSP}%"


def _card(label: str, value: str, detail: str, tone: str = "") -> dict[str, str]:
    return {"label": label, "value": value, "detail": detail, "tone": tone}
