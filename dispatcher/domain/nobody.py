"""What stands where a patient was named who has been forgotten: « Patient EFFACÉ »."""

from datetime import date

BORN = date(1900, 1, 1)
NOBODY = {
    "last_name": "effacé",
    "first_name": "Patient",
    "birth_date": BORN.isoformat(),
    "phone": "",
}
GONE = "Texte effacé."
"""In place of what they wrote, or were written."""
