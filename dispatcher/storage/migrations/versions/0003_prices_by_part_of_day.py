"""Prices by part of the day. What was learned before is learned again the next night.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("slot_prices")
    _create(sa.Column("part", sa.Integer(), nullable=False))


def downgrade() -> None:
    op.drop_table("slot_prices")
    _create()


def _create(*parts: "sa.Column[int]") -> None:
    checks = [
        sa.CheckConstraint(f"{part.name} BETWEEN 0 AND 3", name=op.f("slot_prices_part_check"))
        for part in parts
    ]
    op.create_table(
        "slot_prices",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        *parts,
        sa.Column("price", sa.Double(), nullable=False),
        sa.Column("learned_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("slot_prices_weekday_check")),
        *checks,
        sa.CheckConstraint("price >= 0", name=op.f("slot_prices_price_check")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("slot_prices_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("slot_prices_practitioner_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "territory_id",
            "practitioner_id",
            "weekday",
            *(part.name for part in parts),
            name=op.f("slot_prices_pkey"),
        ),
    )
