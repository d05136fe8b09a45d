"""A territory's own rules: what is stored is what differs from the defaults."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from dispatcher.domain.events import SettingsChanged
from dispatcher.domain.jobs import Job
from dispatcher.domain.policy import Policy
from dispatcher.domain.roles import Account
from dispatcher.services.delays import watch_delays
from dispatcher.services.house import House
from dispatcher.storage.territories import Territory

GROUPS = ("weights", "offers", "sms")
"""Settings that hold settings themselves; each of theirs is stored and named on its own."""


def change_settings(house: House, account: Account, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Set the territory's rules; what is absent goes back to its default.

    Returns what changed by dotted name (`weights.wait`); the waiting queue is then matched again
    under the new rules, and the delays of live requests are watched by them. Raises InvalidError by
    dotted field, and then nothing has changed.
    """
    wished = _own(Policy.from_mapping(settings))
    with house.db.transaction(account.territory_id, account.actor) as unit:
        territory = unit.session.scalars(
            select(Territory).where(Territory.id == account.territory_id).with_for_update()
        ).one()
        before = _named(_own(Policy.in_force(territory.settings)))
        after = _named(wished)
        changed = tuple(
            sorted(
                name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
            )
        )
        # also where nothing changed: what could not be read any more is not kept
        territory.settings = wished
        if changed:
            unit.record(SettingsChanged(changed=list(changed)))
            unit.promise(Job.MATCH_WAITING, {"territory_id": account.territory_id})
        if "escalate_share" in changed:
            unit.session.flush()  # the looks are promised by what is stored
            watch_delays(unit)
    return changed


def _own(policy: Policy) -> dict[str, Any]:
    """What of a policy is not the default, in the stored form."""
    default = Policy().as_json()
    own: dict[str, Any] = {}
    for name, value in policy.as_json().items():
        if name in GROUPS:
            value = {  # noqa: PLW2901 - the same setting, reduced
                inner: each for inner, each in value.items() if each != default[name][inner]
            }
            if value:
                own[name] = value
        elif value != default[name]:
            own[name] = value
    return own


def _named(own: Mapping[str, Any]) -> dict[str, Any]:
    """The same by dotted name."""
    named: dict[str, Any] = {}
    for name, value in own.items():
        if name in GROUPS:
            named |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            named[name] = value
    return named
