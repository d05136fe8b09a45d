"""The addresses at which practitioners' other calendars read their appointments.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_LIVE = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "agenda_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("with_identity", sa.Boolean(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("agenda_exports_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("agenda_exports_practitioner_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("agenda_exports_pkey")),
        sa.UniqueConstraint("digest", name=op.f("agenda_exports_digest_key")),
    )
    op.create_index(
        "one_live_export_per_practitioner",
        "agenda_exports",
        ["practitioner_id"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )


def downgrade() -> None:
    op.drop_table("agenda_exports")
