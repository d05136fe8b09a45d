"""Every indicator, once: what it is called, its formula in words, its events, its unit, its rule.

A request counts in the local day on which it was opened, with all that ever happened to it; a
place in the local day on which its slot starts. So each act belongs to one day, figures of days add
up to those of a period, and a figure may still change after its period is over.
"""

from collections.abc import Mapping, Sequence

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.indicators.definition import (
    Dimension,
    Indicator,
    People,
    PlaceCount,
    Ratio,
    RequestCount,
    RequestDurations,
    Unit,
)
from dispatcher.domain.indicators.general_practitioners import WITHOUT_GP
from dispatcher.domain.indicators.measures import (
    cancelled_by,
    net_promoters,
    seen_within,
    stands_as,
    to_booking,
    to_first_offer,
    to_seen,
    to_yes,
)
from dispatcher.domain.indicators.stories import Outcome

_ASKED = (Dimension.PROFESSION, Dimension.ORIGIN)
_OPENED = "request_opened"
_BOOKED = "appointment_booked"
_ENDS = (
    "appointment_fulfilled",
    "appointment_missed",
    "appointment_cancelled",
    "request_reopened",
    "request_cancelled",
    "request_redirected",
    "request_unfilled",
)
_STANDING = (_OPENED, _BOOKED, *_ENDS)
_MARKED = (_OPENED, "satisfaction_answered")

REQUESTS: Sequence[RequestCount] = (
    RequestCount(
        code="requests",
        label="Sollicitations",
        formula="Nombre de demandes enregistrées, quelle qu’en soit l’issue.",
        events=(_OPENED,),
        unit=Unit.REQUESTS,
        count=lambda _: 1,
        by=(
            *_ASKED,
            Dimension.MOTIVE_GROUP,
            Dimension.MODALITY,
            Dimension.AGE_BAND,
            Dimension.COMMUNE,
        ),
    ),
    RequestCount(
        code="booked",
        label="Demandes avec rendez-vous",
        formula=f"Demandes dont un rendez-vous tient{NBSP}: à venir, honoré ou manqué.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=lambda request: request.is_booked,
        by=(*_ASKED, Dimension.COMMUNE),
    ),
    RequestCount(
        code="honoured",
        label="Rendez-vous honorés",
        formula="Demandes dont la dernière mention est que le patient est venu.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=stands_as(Outcome.HONOURED),
        by=_ASKED,
    ),
    RequestCount(
        code="no_show",
        label="Rendez-vous non honorés",
        formula="Demandes dont la dernière mention est que le patient n’est pas venu.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=stands_as(Outcome.NO_SHOW),
        by=_ASKED,
    ),
    RequestCount(
        code="cancelled",
        label="Demandes annulées",
        formula="Demandes abandonnées, sans rendez-vous qui tienne.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=stands_as(Outcome.CANCELLED),
        by=_ASKED,
    ),
    RequestCount(
        code="redirected",
        label="Demandes réorientées",
        formula=f"Demandes auxquelles il a été répondu ailleurs{NBSP}: conseil, 15, urgences…",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=stands_as(Outcome.REDIRECTED),
        by=(*_ASKED, Dimension.CAUSE),
    ),
    RequestCount(
        code="unfilled",
        label="Demandes sans solution",
        formula="Demandes closes sans que personne ait pu les prendre, selon la raison notée.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=stands_as(Outcome.UNFILLED),
        by=(*_ASKED, Dimension.CAUSE, Dimension.COMMUNE),
    ),
    RequestCount(
        code="live",
        label="Demandes en attente",
        formula="Demandes ni closes ni pourvues d’un rendez-vous à ce jour.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=stands_as(Outcome.LIVE),
        by=_ASKED,
    ),
    RequestCount(
        code="within_delay",
        label="Dans le délai demandé",
        formula="Demandes avec rendez-vous, à une heure comprise dans le délai demandé.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=lambda request: request.appointment is not None and request.appointment.within_delay,
        by=_ASKED,
    ),
    RequestCount(
        code="within_24h",
        label=f"Sous 24{NBSP}h",
        formula=f"Demandes dont l’heure du rendez-vous suit l’appel de 24{NBSP}h au plus.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=seen_within(24),
    ),
    RequestCount(
        code="within_48h",
        label=f"Sous 48{NBSP}h",
        formula=f"Demandes dont l’heure du rendez-vous suit l’appel de 48{NBSP}h au plus.",
        events=_STANDING,
        unit=Unit.REQUESTS,
        count=seen_within(48),
    ),
    RequestCount(
        code="appointments_given",
        label="Rendez-vous donnés",
        formula="Places réservées pour les demandes de la période, celles annulées comprises.",
        events=(_OPENED, _BOOKED),
        unit=Unit.APPOINTMENTS,
        count=lambda request: len(request.appointments),
    ),
    RequestCount(
        code="cancelled_by_patient",
        label="Annulés par le patient",
        formula="Rendez-vous des demandes de la période annulés par le patient.",
        events=(_OPENED, _BOOKED, "appointment_cancelled"),
        unit=Unit.APPOINTMENTS,
        count=cancelled_by("patient"),
    ),
    RequestCount(
        code="cancelled_by_practitioner",
        label="Annulés par le praticien",
        formula="Rendez-vous des demandes de la période annulés par le praticien.",
        events=(_OPENED, _BOOKED, "appointment_cancelled"),
        unit=Unit.APPOINTMENTS,
        count=cancelled_by("practitioner"),
    ),
    RequestCount(
        code="cancelled_by_regulator",
        label="Annulés par la régulation",
        formula="Rendez-vous des demandes de la période annulés par la régulation.",
        events=(_OPENED, _BOOKED, "appointment_cancelled"),
        unit=Unit.APPOINTMENTS,
        count=cancelled_by("regulator"),
    ),
    RequestCount(
        code="rebooked",
        label="Rendez-vous redonnés",
        formula="Demandes qui ont perdu un rendez-vous et en ont reçu un autre.",
        events=(_OPENED, _BOOKED, "appointment_cancelled"),
        unit=Unit.REQUESTS,
        count=lambda request: len(request.appointments) > 1,
    ),
    RequestCount(
        code="no_slot_found",
        label="Aucun créneau à proposer",
        formula="Demandes pour lesquelles une recherche au moins n’a trouvé aucun créneau publié.",
        events=(_OPENED, "search_found_nothing"),
        unit=Unit.REQUESTS,
        count=lambda request: request.slotless,
    ),
    RequestCount(
        code="booking_lost",
        label="Place perdue avant la réservation",
        formula="Demandes dont une place proposée était prise au moment de la réserver.",
        events=(_OPENED, "booking_lost"),
        unit=Unit.REQUESTS,
        count=lambda request: request.booking_lost,
    ),
    RequestCount(
        code="offers_sent",
        label="Volontaires sollicités",
        formula="Sollicitations envoyées à des volontaires pour les demandes de la période.",
        events=(_OPENED, "offer_made"),
        unit=Unit.OFFERS,
        count=lambda request: len(request.offers),
    ),
    RequestCount(
        code="offers_accepted",
        label="Sollicitations acceptées",
        formula="Sollicitations auxquelles un volontaire a dit oui le premier.",
        events=(_OPENED, "offer_made", "offer_accepted"),
        unit=Unit.OFFERS,
        count=lambda request: sum(
            offer.accepted_at is not None for offer in request.offers.values()
        ),
    ),
    *WITHOUT_GP,
    RequestCount(
        code="ed_avoided",
        label="Passages aux urgences évités",
        formula="Demandes pour lesquelles la régulation a noté un passage aux urgences évité.",
        events=(_OPENED, "effect_noted"),
        unit=Unit.REQUESTS,
        count=lambda request: "ED_AVOIDED" in request.effects,
    ),
    RequestCount(
        code="satisfaction_answers",
        label="Réponses de satisfaction",
        formula="Rendez-vous que le patient a notés, par sa dernière note.",
        events=_MARKED,
        unit=Unit.APPOINTMENTS,
        count=lambda request: len(request.marks),
    ),
    RequestCount(
        code="satisfaction_points",
        label="Notes de satisfaction, additionnées",
        formula=f"Somme des notes données, de 0 à{NBSP}10.",
        events=_MARKED,
        unit=Unit.SCORE,
        count=lambda request: sum(request.marks.values()),
    ),
    RequestCount(
        code="satisfaction_net",
        label="Satisfaits moins insatisfaits",
        formula=f"Nombre de notes de 9 et{NBSP}10, moins nombre de notes de 0 à{NBSP}6.",
        events=_MARKED,
        unit=Unit.APPOINTMENTS,
        count=net_promoters,
    ),
)
DURATIONS: Sequence[RequestDurations] = (
    RequestDurations(
        code="time_to_first_offer",
        label="De la demande à la première sollicitation",
        formula="Du moment de la demande au premier SMS à un volontaire, où il y en a eu un.",
        events=(_OPENED, "offer_made"),
        durations=to_first_offer,
    ),
    RequestDurations(
        code="time_to_booking",
        label="De la demande au rendez-vous pris",
        formula="Du moment de la demande au premier rendez-vous donné, où il y en a eu un.",
        events=(_OPENED, _BOOKED),
        durations=to_booking,
    ),
    RequestDurations(
        code="time_to_appointment",
        label="De la demande à la consultation",
        formula="Du moment de la demande à l’heure du rendez-vous qui n’a pas été annulé.",
        events=_STANDING,
        durations=to_seen,
    ),
    RequestDurations(
        code="time_to_yes",
        label="De la sollicitation au oui",
        formula="Du SMS au oui du volontaire, pour les sollicitations acceptées.",
        events=(_OPENED, "offer_made", "offer_accepted"),
        durations=to_yes,
    ),
)
_OFFERED = (
    "slot_published",
    "slot_changed",
    "slot_withdrawn",
    "slot_blocked",
    "slot_unblocked",
)
_TAKEN = (_BOOKED, "appointment_cancelled", "neighbour_place_taken", "neighbour_place_freed")
PLACES: Sequence[PlaceCount] = (
    PlaceCount(
        code="slots_opened",
        label="Places ouvertes",
        formula=(
            "Places publiées, ni retirées ni fermées par l’agenda du praticien, des créneaux qui"
            " commencent dans la période."
        ),
        events=_OFFERED,
        count=lambda opening: opening.opened,
    ),
    PlaceCount(
        code="slots_used",
        label="Places utilisées",
        formula=(
            "Parmi elles, places d’un rendez-vous non annulé, celles prêtées à un voisin"
            f" comprises{NBSP}; un patient qui ne vient pas en a utilisé une."
        ),
        events=("slot_published", *_TAKEN),
        count=lambda opening: opening.used,
    ),
    PlaceCount(
        code="slots_lost",
        label="Places perdues",
        formula="Places ouvertes dont l’heure est passée sans que personne les ait prises.",
        events=(*_OFFERED, "slot_passed", *_TAKEN),
        count=lambda opening: opening.lost,
    ),
)
PEOPLE: Sequence[People] = (
    People(
        code="volunteers_active",
        label="Volontaires actifs",
        formula="Praticiens différents avec une place ouverte ou un rendez-vous dans la période.",
        events=(*_OFFERED, *_TAKEN),
        counts=lambda opening: opening.is_active,
        by_profession=True,
    ),
    People(
        code="sas_doctors",
        label="Médecins participant au SAS",
        formula="Médecins différents avec une place ouverte que la régulation du SAS peut voir.",
        events=_OFFERED,
        counts=lambda opening: opening.is_for_the_sas,
    ),
)
RATIOS: Sequence[Ratio] = (
    Ratio(
        code="within_delay_share",
        label="Part dans le délai demandé",
        formula="Demandes dans le délai demandé sur demandes avec rendez-vous.",
        events=_STANDING,
        unit=Unit.SHARE,
        over=("within_delay", "booked"),
    ),
    Ratio(
        code="satisfaction_mean",
        label="Satisfaction moyenne",
        formula=f"Somme des notes, de 0 à{NBSP}10, sur nombre de réponses.",
        events=_MARKED,
        unit=Unit.SCORE,
        over=("satisfaction_points", "satisfaction_answers"),
    ),
    Ratio(
        code="satisfaction_nps",
        label="Recommandation nette (NPS)",
        formula=f"Part des notes de 9 et{NBSP}10 moins part des notes de 0 à{NBSP}6, sur{NBSP}100.",
        events=_MARKED,
        unit=Unit.POINTS,
        over=("satisfaction_net", "satisfaction_answers"),
        factor=100,
    ),
)
INDICATORS: Mapping[str, Indicator] = {
    each.code: each for each in (*REQUESTS, *PLACES, *PEOPLE, *DURATIONS, *RATIOS)
}
OUTCOMES = (
    "requests",
    "booked",
    "honoured",
    "no_show",
    "cancelled",
    "redirected",
    "unfilled",
    "live",
    "within_delay",
)
"""The figures that tell how requests ended, told apart by origin and by profession too."""
