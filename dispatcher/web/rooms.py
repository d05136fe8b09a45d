"""The rooms of the site."""

from flask import Blueprint

from dispatcher.services.house import House
from dispatcher.web import account, health, webhooks


def of(house: House) -> list[Blueprint]:
    """Every room; the demonstration's telephone only in a demonstration."""
    rooms = [account.room, health.room, webhooks.room]
    return rooms


def signed_from_outside(house: House) -> list[Blueprint]:
    """Rooms that Twilio posts to: a signature stands in for the form token."""
    return [webhooks.room]
