"""Files of evidence for a year of contract.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_bundles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=True),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("evidence_bundles_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["users.id"], name=op.f("evidence_bundles_asked_by_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("evidence_bundles_pkey")),
    )
    op.create_index(
        "evidence_by_year", "evidence_bundles", ["territory_id", "first_day", "asked_at"]
    )


def downgrade() -> None:
    op.drop_table("evidence_bundles")
