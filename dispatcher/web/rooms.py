"""The rooms of the site."""

from flask import Blueprint

from dispatcher.services.house import House
from dispatcher.web import (
    account,
    activity,
    administration,
    agenda,
    agenda_feed,
    beside,
    communes,
    contract,
    contract_form,
    correcting,
    delegates,
    demonstration,
    desk,
    directory,
    directory_import,
    episodes,
    gp_searches,
    guide,
    handover,
    health,
    in_hand,
    inbox,
    invitations,
    limits,
    linked,
    metrics,
    neighbours,
    offers,
    openings,
    own_account,
    own_agendas,
    own_figures,
    passkeys,
    patient,
    payments,
    places,
    pro_sante,
    proving,
    reinforcements,
    reports,
    requesters,
    schedules,
    second_factor,
    settings,
    slot_page,
    texts,
    typed_figures,
    watching,
    ways_out,
    webhooks,
    week,
    welcome,
    what_if,
)


def of(house: House) -> list[Blueprint]:
    """Every room; the demonstration's telephone only in a demonstration."""
    rooms = [account.room, own_account.room, second_factor.room, passkeys.room, proving.room]
    rooms.append(pro_sante.room)
    rooms += [health.room, metrics.room, webhooks.room]
    rooms += [
        guide.room,
        patient.room,
        offers.room,
        linked.room,
        agenda.room,
        agenda_feed.room,
        limits.room,
        places.room,
        own_agendas.room,
        delegates.room,
        own_figures.room,
        delegates.choice,
        week.room,
        schedules.room,
        slot_page.room,
        inbox.room,
        activity.room,
        typed_figures.room,
        gp_searches.room,
        contract.room,
        contract_form.room,
        payments.room,
        reports.room,
    ]
    rooms += [
        desk.room,
        beside.room,
        ways_out.room,
        in_hand.room,
        correcting.room,
        handover.room,
        requesters.room,
        communes.room,
    ]
    rooms += [directory.room, directory_import.room, invitations.room, welcome.room]
    rooms += [
        administration.room,
        watching.room,
        openings.room,
        episodes.room,
        reinforcements.room,
        neighbours.room,
        settings.room,
        texts.room,
        what_if.room,
    ]
    if house.settings.is_demonstration:
        rooms.append(demonstration.room)
    return rooms


def signed_from_outside(house: House) -> list[Blueprint]:
    """Rooms whose posts carry no form token, because something else stands in for it.

    Twilio signs; a patient's, a volunteer's or a practitioner's link is a secret; a demonstration
    has nothing to protect.
    """
    guarded_otherwise = (
        webhooks.room,
        patient.room,
        offers.room,
        linked.room,
        reinforcements.room,
        demonstration.room,
    )
    return [room for room in of(house) if room in guarded_otherwise]
