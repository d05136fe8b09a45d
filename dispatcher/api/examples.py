"""A body for each operation that takes one, as the description shows it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dispatcher.services.commands import (
    BookSlot,
    CancelRequest,
    CloseRequest,
    OpenRequest,
    PublishSlot,
)

_SLOT = "0b5c1c1e-6f0f-4b7e-9a55-3f3a3a0c7d11"

EXAMPLES: Mapping[type[BaseModel], Mapping[str, Any]] = {
    OpenRequest: {
        "territory": "demo-jura",
        "patient": {
            "last_name": "Essai",
            "first_name": "Camille",
            "birth_date": "1950-02-03",
            "phone": "06 39 98 00 01",
            "commune": "39300",
            "has_gp": False,
            "gp": None,
            "sex": "female",
            "language": None,
        },
        "need": {
            "profession": "10",
            "specialty": None,
            "modalities": ["AMB"],
            "motive": None,
            "note": "",
            "delay_hours": 24,
            "earliest": None,
            "language": None,
            "needs_step_free": False,
            "travel_km": None,
            "radius_km": None,
            "excluded_practitioners": [],
        },
        "origin": "SAS",
        "regulated": {"by": None, "at": None},
    },
    BookSlot: {"slot": _SLOT, "override": None},
    CancelRequest: {"by": "patient", "reason": ""},
    CloseRequest: {"status": "fulfilled", "reason": ""},
    PublishSlot: {
        "practitioner": "6c0f2a34-2c3c-4f25-9a3e-0d9c5a4b1f02",
        "place": "d2f9b6a8-51f4-4c39-8f0e-7c1c7b1e9a03",
        "start": "2026-11-23T14:30:00+01:00",
        "end": "2026-11-23T14:50:00+01:00",
        "places": 1,
        "modality": "AMB",
        "visibility": ["SNP", "CPTS"],
    },
}
