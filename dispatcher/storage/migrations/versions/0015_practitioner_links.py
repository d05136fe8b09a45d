"""The links that practitioners are sent.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "practitioner_links",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "(appointment_id IS NULL) = (day IS NOT NULL)",
            name=op.f("practitioner_links_one_subject_check"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("practitioner_links_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("practitioner_links_practitioner_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("practitioner_links_appointment_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("practitioner_links_pkey")),
    )
    op.create_index("practitioner_links_by_end", "practitioner_links", ["expires_at"])


def downgrade() -> None:
    op.drop_table("practitioner_links")
