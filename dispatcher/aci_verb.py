"""`./snp aci`: the table of an agreement, and the settlement of a contract's file.

No database is opened. As every verb, it imports what it needs when it is used.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.agreements import Agreement

MISUSED = 2
NBSP = "\N{NO-BREAK SPACE}"
UNKNOWN = "inconnu"


def declare(parser: argparse.ArgumentParser) -> None:
    """Its actions and their arguments."""
    actions = parser.add_subparsers(dest="action", required=True)
    amounts = actions.add_parser("amounts", help="le tableau d’un accord pour une taille")
    amounts.add_argument("--agreement", required=True, help="2019, avenant2 …")
    amounts.add_argument("--size", required=True, type=int)
    settle = actions.add_parser("settle", help="le règlement d’un contrat, ligne à ligne")
    settle.add_argument("file", type=Path, metavar="CONTRAT.toml")
    for action in (amounts, settle):
        action.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; 2 with a sentence where it cannot be."""
    return {"amounts": _amounts, "settle": _settle}[arguments.action](arguments)


def _amounts(arguments: argparse.Namespace) -> int:
    from config import agreements

    try:
        agreement = agreements.load(arguments.agreement)
    except KeyError:
        known = ", ".join(agreements.codes())
        return _refuse(f"Cet accord n’existe pas. Accords connus{NBSP}: {known}.")
    if arguments.size not in agreement.size_labels:
        known = ", ".join(map(str, agreement.size_labels))
        return _refuse(f"Cette taille n’existe pas. Tailles connues{NBSP}: {known}.")
    found = _as_json(agreement, arguments.size)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    print(f"{agreement.title}, taille {arguments.size} ({found['size_label']})")
    for mission in found["missions"]:
        print(f"\n{mission['label']}{NBSP}: {_euros(mission['total'])}")
        for part in mission["parts"]:
            print(f"  {part['label']}{NBSP}: {_euros(part['eur'])} [{part['grade']}]")
    print(f"\nTotal{NBSP}: {_euros(found['total'])}")
    if agreement.supplement:
        print(f"Avec le volet supplémentaire{NBSP}: {_euros(found['total_with_supplement'])}")
    return 0


def _settle(arguments: argparse.Namespace) -> int:
    from dispatcher.domain.aci.settlement import settle
    from dispatcher.services.contract_files import ContractFileError, read_contract

    path: Path = arguments.file
    try:
        contract = read_contract(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return _refuse(f"{path}{NBSP}: ce fichier ne peut pas être lu.")
    except ContractFileError as error:
        return _refuse(*(f"{path}:{fault.line}{NBSP}: {fault.sentence}" for fault in error.faults))
    found = settle(contract).as_json()
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    print(f"{found['contract']}, du {found['year']['from']} au {found['year']['to']}")
    for mission in found["missions"]:
        print(f"\n{mission['label']}")
        for line in mission["lines"]:
            print(f"  {line['label']}{NBSP}: {_euros(line['eur'])} sur {_euros(line['max_eur'])}")
    earned, most = found["variable_earned_eur"], found["variable_max_eur"]
    print(f"\nPart variable{NBSP}: {_euros(earned)} sur {_euros(most)}")
    print(f"Au rythme actuel{NBSP}: {_euros(found['variable_at_pace_eur'])}")
    return 0


def _as_json(agreement: "Agreement", size: int) -> dict[str, Any]:
    """The table of one size; None, and `null` in JSON, for what is not known."""
    return {
        "agreement": agreement.code,
        "title": agreement.title,
        "size": size,
        "size_label": agreement.size_labels[size],
        "missions": [
            {
                "code": mission.code,
                "label": mission.label,
                "required": mission.required,
                "parts": [
                    {
                        "code": part.code,
                        "label": part.label,
                        "eur": part.amounts[size].eur,
                        "grade": part.amounts[size].grade,
                        "source": agreement.sources.get(part.amounts[size].source),
                        "note": part.amounts[size].note,
                        "one_off": part.one_off,
                    }
                    for part in mission.parts
                ],
                "total": mission.total(size, without=agreement.supplement),
                "total_with_supplement": mission.total(size),
            }
            for mission in agreement.missions
        ],
        "total": agreement.total(size),
        "total_with_supplement": agreement.total_with_supplement(size),
    }


def _euros(amount: int | None) -> str:
    return UNKNOWN if amount is None else f"{amount:,}{NBSP}€".replace(",", NBSP)


def _refuse(*sentences: str) -> int:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return MISUSED
