"""Agendas that practitioners keep elsewhere, and what these do to their slots.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE, UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_FROM_A_FEED = sa.text("feed_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "agenda_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("url_hash", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("word", sa.String(), server_default="", nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("slot_minutes", sa.Integer(), nullable=True),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("unrolled_at", UTCDateTime(), nullable=True),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("findings", JSON_VALUE, server_default="[]", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "slot_minutes IS NULL OR slot_minutes > 0", name=op.f("agenda_feeds_slot_minutes_check")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("agenda_feeds_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("agenda_feeds_practitioner_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("agenda_feeds_place_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("agenda_feeds_pkey")),
        sa.UniqueConstraint(
            "practitioner_id", "url_hash", name=op.f("agenda_feeds_practitioner_id_url_hash_key")
        ),
    )
    op.create_index("agenda_feeds_due", "agenda_feeds", ["next_at"])
    op.create_table(
        "busy_times",
        sa.Column("feed_id", sa.Uuid(), nullable=False),
        sa.Column("start_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ends_at > start_at", name=op.f("busy_times_order_check")),
        sa.ForeignKeyConstraint(
            ["feed_id"],
            ["agenda_feeds.id"],
            name=op.f("busy_times_feed_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("busy_times_practitioner_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("feed_id", "start_at", name=op.f("busy_times_pkey")),
    )
    op.create_index("busy_times_by_practitioner", "busy_times", ["practitioner_id", "start_at"])
    op.add_column("slots", sa.Column("blocked_since", UTCDateTime(), nullable=True))
    op.add_column("slots", sa.Column("feed_id", sa.Uuid(), nullable=True))
    op.add_column("slots", sa.Column("feed_key", sa.String(), nullable=True))
    op.create_index(
        "slots_by_feed",
        "slots",
        ["feed_id", "start_at"],
        sqlite_where=_FROM_A_FEED,
        postgresql_where=_FROM_A_FEED,
    )


def downgrade() -> None:
    op.drop_index("slots_by_feed", table_name="slots")
    for name in ("feed_key", "feed_id", "blocked_since"):
        op.drop_column("slots", name)
    op.drop_table("busy_times")
    op.drop_table("agenda_feeds")
