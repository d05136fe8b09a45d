"""The delay that a patient announced for their appointment.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointments", sa.Column("late_minutes", sa.Integer(), nullable=True))
    op.add_column("appointments", sa.Column("late_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("appointments", "late_at")
    op.drop_column("appointments", "late_minutes")
