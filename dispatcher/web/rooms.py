"""The rooms of the site."""

from flask import Blueprint

from dispatcher.services.house import House
from dispatcher.web import account, guide, health, patient, webhooks


def of(house: House) -> list[Blueprint]:
    """Every room; the demonstration's telephone only in a demonstration."""
    rooms = [account.room, health.room, webhooks.room]
    rooms += [guide.room, patient.room]
    return rooms


def signed_from_outside(house: House) -> list[Blueprint]:
    """Rooms whose posts carry no form token: a signature or a link's secret stands in for it."""
    return [webhooks.room, patient.room]
