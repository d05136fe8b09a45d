"""Weekly templates of slots, and absences.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE, UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("weekdays", sa.String(length=40), nullable=False),
        sa.Column("hours", JSON_VALUE, nullable=False),
        sa.Column("each_minutes", sa.Integer(), nullable=True),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("modality", sa.String(length=40), nullable=False),
        sa.Column("visibility", JSON_VALUE, nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("minimum_notice_minutes", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("on_holidays", sa.Boolean(), nullable=False),
        sa.Column("exceptions", JSON_VALUE, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("places >= 1", name=op.f("schedules_places_check")),
        sa.CheckConstraint("every_weeks >= 1", name=op.f("schedules_every_weeks_check")),
        sa.CheckConstraint("each_minutes > 0", name=op.f("schedules_each_minutes_check")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("schedules_order_check")),
        *_owned_by("schedules"),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("schedules_place_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("schedules_pkey")),
    )
    op.create_index(
        "schedules_by_practitioner", "schedules", ["practitioner_id", "ended_at"], unique=False
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("start_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("declared_at", UTCDateTime(), nullable=False),
        sa.Column("cancelled_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("ends_at > start_at", name=op.f("absences_order_check")),
        *_owned_by("absences"),
        sa.PrimaryKeyConstraint("id", name=op.f("absences_pkey")),
    )
    op.create_index(
        "absences_by_practitioner", "absences", ["practitioner_id", "ends_at"], unique=False
    )
    op.add_column("slots", sa.Column("schedule_id", sa.Uuid(), nullable=True))
    op.add_column("slots", sa.Column("schedule_day", sa.Date(), nullable=True))
    op.add_column("slots", sa.Column("schedule_hour", sa.String(length=40), nullable=True))
    op.create_index(
        "one_slot_per_occurrence",
        "slots",
        ["schedule_id", "schedule_day", "schedule_hour"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_index("one_slot_per_occurrence", table_name="slots")
    for name in ("schedule_hour", "schedule_day", "schedule_id"):
        op.drop_column("slots", name)
    op.drop_table("absences")
    op.drop_table("schedules")


def _owned_by(table: str) -> "list[sa.ForeignKeyConstraint]":
    owners = {"practitioner_id": "practitioners.id", "territory_id": "territories.id"}
    return [
        sa.ForeignKeyConstraint([column], [owner], name=op.f(f"{table}_{column}_fkey"))
        for column, owner in owners.items()
    ]
