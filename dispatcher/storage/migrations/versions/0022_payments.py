"""Rates, hours of regulation and closed months of payments to professionals.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE, UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("profession", sa.String(), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("last_month", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("payment_rules_cents_check")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("payment_rules_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("payment_rules_created_by_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_rules_pkey")),
    )
    op.create_index("payment_rules_by_territory", "payment_rules", ["territory_id"])
    op.create_table(
        "regulation_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("worked_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("minutes > 0", name=op.f("regulation_hours_minutes_check")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("regulation_hours_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("regulation_hours_practitioner_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["users.id"], name=op.f("regulation_hours_entered_by_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("regulation_hours_pkey")),
    )
    op.create_index("regulation_hours_by_day", "regulation_hours", ["territory_id", "worked_on"])
    op.create_table(
        "closed_months",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("statements", JSON_VALUE, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("closed_months_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["closed_by"], ["users.id"], name=op.f("closed_months_closed_by_fkey")
        ),
        sa.PrimaryKeyConstraint("territory_id", "month", name=op.f("closed_months_pkey")),
    )


def downgrade() -> None:
    for table in ("closed_months", "regulation_hours", "payment_rules"):
        op.drop_table(table)
