"""The territory's volunteers."""

from dispatcher.api.call import Call
from dispatcher.api.shapes import PlaceShape, PractitionerShape
from dispatcher.reads.practitioners import active_practitioners
from dispatcher.services.commands import CodeText, Shape


class PractitionerQuery(Shape):
    """Which volunteers: all, or those of one profession (TRE_G15)."""

    territory: CodeText | None = None
    profession: CodeText | None = None


def list_practitioners(call: Call, query: PractitionerQuery) -> list[PractitionerShape]:
    """Tell the active volunteers with the places where they see patients."""
    call.stay_in(query.territory)
    found = active_practitioners(call.house.db, call.account.territory_id, query.profession)
    return [
        PractitionerShape(
            id=practitioner.id,
            rpps=practitioner.rpps,
            profession=practitioner.profession,
            specialty=practitioner.specialty,
            display_name=practitioner.display_name,
            places=[
                PlaceShape(id=place.id, commune=place.commune) for place in practitioner.places
            ],
        )
        for practitioner in found
    ]
