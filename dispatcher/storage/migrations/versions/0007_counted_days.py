"""The facts of each local day, counted from the log.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE, UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_counts",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("facts", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("day_counts_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("territory_id", "day", name=op.f("day_counts_pkey")),
    )
    op.create_table(
        "counted_spans",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("definitions", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("counted_until", UTCDateTime(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("counted_spans_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("territory_id", name=op.f("counted_spans_pkey")),
    )


def downgrade() -> None:
    op.drop_table("counted_spans")
    op.drop_table("day_counts")
