"""The form of a territory's settings: every field of its policy in words, and what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.policy import DELAYS, Policy
from dispatcher.web.forms import number
from dispatcher.web.wording import Choice

YES, NO = "oui", "non"
YES_OR_NO = (Choice(YES, "Oui"), Choice(NO, "Non"))
WIDEN = "offers.widen_minutes"
PERCENT = 100
PLURAL_FROM = 2
Typed = dict[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One setting. `name` is its dotted path in the policy's JSON."""

    name: str
    label: str
    hint: str
    unit: str = ""
    scale: float = 1.0
    """What is shown is this many times what is stored: 100 for a percentage."""


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that are read together."""

    title: str
    lead: str
    fields: tuple[Field, ...]


GROUPS = (
    Group(
        "Distance et délai",
        "Jusqu’où chercher, et quand rendre la demande à la régulation.",
        (
            Field(
                "radius_km",
                "Rayon de recherche",
                "À vol d’oiseau, autour de la commune du patient.",
                "km",
            ),
            Field(
                "enlarge_km",
                "Élargissement",
                "Ajouté au rayon quand rien n’est plus proche.",
                "km",
            ),
            Field(
                "road_factor",
                "Détour par la route",
                f"Kilomètres de route pour 1{NBSP}km à vol d’oiseau.",
            ),
            Field(
                "grace_hours",
                "Tolérance après le délai",
                "Un créneau un peu tardif reste proposé.",
                "heures",
            ),
            Field(
                "escalate_share",
                "Alerte avant la fin du délai",
                "La demande passe en tête du tableau quand il reste cette part du délai.",
                "%",
                scale=PERCENT,
            ),
        ),
    ),
    Group(
        "Horaires",
        f"Les soins non programmés relèvent de la CPTS de 8{NBSP}h à 20{NBSP}h en semaine et le"
        " samedi matin.",
        (
            Field(
                "saturday_until",
                "Fin du samedi matin",
                "Selon le cahier des charges régional de la permanence des soins.",
                "heures",
            ),
            Field(
                "bridge_days",
                "Ponts",
                "Le lundi qui précède un jour férié, le vendredi et le samedi qui le suivent"
                " relèvent de la permanence des soins.",
            ),
            Field(
                "outside_hours",
                "Créneaux hors horaires",
                "Utiliser aussi les créneaux publiés la nuit, le dimanche et les jours fériés.",
            ),
        ),
    ),
    Group(
        "Demandes des partenaires",
        "Ce que devient la demande d’une pharmacie, d’une infirmière ou d’un cabinet pour son"
        " patient.",
        (
            Field(
                "validate_requesters",
                "Valider avant de chercher",
                "La demande attend sur le tableau, marquée «\N{NO-BREAK SPACE}À"
                " valider\N{NO-BREAK SPACE}». Sinon, la recherche commence aussitôt.",
            ),
        ),
    ),
    Group(
        "Sollicitation des volontaires",
        "Qui est sollicité par SMS quand aucun créneau publié ne convient, et à quel rythme.",
        (
            Field(
                "offers.automatic",
                "Solliciter automatiquement",
                "Sinon, seulement quand un régulateur le demande.",
            ),
            Field(
                "offers.after_minutes",
                "Attente avant la première vague",
                "Le temps laissé à un créneau publié ou libéré.",
                "minutes",
            ),
            Field(
                "offers.wave_size",
                "Volontaires par vague",
                "Le médecin traitant et les habituels d’abord, puis les plus proches.",
            ),
            Field(
                "offers.hour_minutes",
                "Temps pour choisir l’heure",
                "Après un OUI sans heure, la régulation est alertée au bout de ce temps.",
                "minutes",
            ),
            *(
                Field(
                    f"{WIDEN}.{hours}",
                    f"Vague suivante, délai de {hours}{NBSP}h",
                    "Temps laissé à une vague avant d’en solliciter une autre.",
                    "minutes",
                )
                for hours in DELAYS
            ),
        ),
    ),
    Group(
        "Rappels et suites par SMS",
        "Ce que reçoit le patient en plus de sa confirmation, qui part toujours aussitôt.",
        (
            Field(
                "sms.remind",
                "Rappeler le rendez-vous",
                "Jamais s’il est annulé, ni s’il vient d’être annoncé.",
            ),
            Field(
                "sms.remind_evening",
                "Rappel la veille",
                "Sinon, quelques heures avant le rendez-vous.",
            ),
            Field("sms.remind_hour", "Heure du rappel", "Pour un rappel la veille.", "heures"),
            Field(
                "sms.remind_hours_before",
                "Rappel avant le rendez-vous",
                "Pour un rappel le jour même.",
                "heures",
            ),
            Field(
                "sms.satisfaction",
                "Question de satisfaction",
                "Au patient venu, une note de 0 à 10.",
            ),
            Field(
                "sms.no_show",
                "Message après une absence",
                "Au patient non venu, pour qu’il rappelle s’il a encore besoin de soins.",
            ),
            Field(
                "sms.closing",
                "Venu ou non venu, le lendemain",
                "Au professionnel, le matin, pour les rendez-vous de la veille que personne n’a"
                " notés.",
            ),
            Field(
                "sms.follow_up_hours",
                "Délai après la visite",
                "Avant la question de satisfaction ou le message d’absence.",
                "heures",
            ),
            Field(
                "sms.quiet_from",
                "Heures calmes, début",
                "Rappels et suites attendent alors le matin, pas les confirmations ni les"
                " annulations.",
                "heures",
            ),
            Field("sms.quiet_until", "Heures calmes, fin", "À l’heure du territoire.", "heures"),
            Field(
                "sms.per_minute",
                "SMS par minute, au plus",
                "Pour tout le territoire. Ce qui dépasse part plus tard.",
                "SMS",
            ),
            Field(
                "sms.per_number_hour",
                "SMS par heure à un même numéro",
                "Au plus. Ce qui dépasse part plus tard.",
                "SMS",
            ),
            Field(
                "sms.segment_cents",
                "Prix d’un SMS",
                "D’après votre contrat ou votre facture, pour l’aperçu des textes.",
                "centimes",
            ),
        ),
    ),
    Group(
        "Poids du choix",
        "Ce que compte chaque critère, en points. Plus un poids est grand, plus il l’emporte.",
        (
            Field(
                "weights.unserved",
                "Demande sans créneau",
                "Ce que coûte de laisser quelqu’un sans rendez-vous.",
                "points",
            ),
            Field("weights.gp", "Médecin traitant", "Avantage de ses propres créneaux.", "points"),
            Field("weights.wait", "Attente", "Par heure jusqu’au rendez-vous.", "points"),
            Field(
                "weights.lateness", "Retard", "Par heure après le délai, s’il est toléré.", "points"
            ),
            Field("weights.distance", "Distance", "Par kilomètre de route.", "points"),
            Field(
                "weights.enlarged",
                "Au-delà du rayon",
                "Pour un créneau pris dans l’élargissement.",
                "points",
            ),
            Field(
                "weights.fairness",
                "Équité entre volontaires",
                "Fois la part de ses places déjà pourvues.",
                "points",
            ),
            Field(
                "weights.price",
                "Valeur apprise du créneau",
                f"Ce qu’il vaut pour ceux qui n’ont pas encore appelé{NBSP}; 0 pour l’ignorer.",
                "points",
            ),
            Field(
                "weights.price_cap",
                "Valeur apprise, au plus",
                "Plafond de cette valeur.",
                "points",
            ),
        ),
    ),
)
FIELDS: Mapping[str, Field] = {field.name: field for group in GROUPS for field in group.fields}
LABELS: Mapping[str, str] = {name: field.label for name, field in FIELDS.items()}


def values(policy: Policy) -> Typed:
    """The policy as the form shows it; empty for what follows the national table."""
    return {name: _shown(FIELDS[name], value) for name, value in _flat(policy.as_json()).items()}


def is_yes_or_no(field: Field) -> bool:
    """Whether it is answered by yes or no."""
    return isinstance(_flat(Policy().as_json())[field.name], bool)


def default_of(field: Field, national: Mapping[str, str]) -> str:
    """What holds until it is changed, with its unit: « 10 minutes », « 30 km, du département »."""
    shown = values(Policy())[field.name]
    if not shown:
        return national[field.name]
    if not field.unit:
        return shown
    unit = field.unit.removesuffix("s") if abs(number(shown) or 0) < PLURAL_FROM else field.unit
    return f"{shown}{NBSP}{unit}"


def typed(form: Mapping[str, str]) -> Typed:
    """What was typed, by field, as the form shows it again."""
    return {name: form.get(name, "").strip() for name in FIELDS}


def settings(given: Typed) -> dict[str, Any]:
    """What was typed in the stored form; what is empty or says the default is left out.

    What is no number stays as it was typed: the policy says what is wrong with it.
    """
    default = values(Policy())
    found: dict[str, Any] = {}
    for name, field in FIELDS.items():
        if given[name] in {"", default[name]}:
            continue
        *path, last = name.split(".")
        place = found
        for step in path:
            place = place.setdefault(step, {})
        place[last] = _stored(field, given[name])
    if widened := found.get("offers", {}).get("widen_minutes"):
        found["offers"]["widen_minutes"] = Policy().as_json()["offers"]["widen_minutes"] | widened
    return found


def faults(error: InvalidError, given: Typed) -> dict[str, str]:
    """The sentences by field of the form, in its order."""
    said = dict(error.fields)
    if WIDEN in said:
        said |= _widening_faults(given)
    return {name: said[name] for name in FIELDS if name in said}


def _widening_faults(given: Typed) -> dict[str, str]:
    """A policy judges the widening times together: each is asked for on its own."""
    found = {}
    for hours in DELAYS:
        name = f"{WIDEN}.{hours}"
        own = {"offers": {"widen_minutes": {str(hours): _stored(FIELDS[name], given[name])}}}
        try:
            Policy.from_mapping(own if given[name] else {})
        except InvalidError as error:
            found[name] = error.fields[WIDEN]
    return found


def _stored(field: Field, text: str) -> object:
    if is_yes_or_no(field):
        return {YES: True, NO: False}.get(text, text)
    found = number(text)
    return text if found is None else found / field.scale


def _shown(field: Field, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    return shown_number(float(str(value)) * field.scale)


def shown_number(value: float) -> str:
    """« 1000 », « 0,5 », « 33,3 »: never more than two decimals that say something."""
    return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", ",") if value % 1 else f"{value:.0f}"


def _flat(stored: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in stored.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
