"""Whom somebody has to telephone, apart from what else is asked about a request.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("call_patient_since", "call_practitioner_since"):
        op.add_column("care_requests", sa.Column(column, UTCDateTime(), nullable=True))
    op.execute(
        "UPDATE care_requests SET call_patient_since = updated_at, attention = NULL"
        " WHERE attention = 'undelivered'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE care_requests SET attention = 'undelivered'"
        " WHERE call_patient_since IS NOT NULL AND attention IS NULL"
        " AND status IN ('open', 'searching', 'offering', 'booked')"
    )
    for column in ("call_practitioner_since", "call_patient_since"):
        op.drop_column("care_requests", column)
