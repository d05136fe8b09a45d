"""Crises: a larger radius for a while, and calls for reinforcements.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "episodes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("radius_km", sa.Double(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("radius_km > 0", name=op.f("episodes_radius_km_check")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("episodes_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name=op.f("episodes_opened_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("episodes_pkey")),
    )
    op.create_index(op.f("episodes_territory_id"), "episodes", ["territory_id"])
    op.create_index(
        "one_open_episode",
        "episodes",
        ["territory_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "episode_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=True),
        sa.Column("link_digest", sa.String(), nullable=False),
        sa.Column("called_at", UTCDateTime(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("episode_calls_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name=op.f("episode_calls_episode_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("episode_calls_practitioner_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name=op.f("episode_calls_slot_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("episode_calls_pkey")),
        sa.UniqueConstraint("link_digest", name=op.f("episode_calls_link_digest_key")),
        sa.UniqueConstraint(
            "episode_id",
            "practitioner_id",
            name=op.f("episode_calls_episode_id_practitioner_id_key"),
        ),
    )
    op.add_column("territories", sa.Column("crisis_km", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("territories", "crisis_km")
    op.drop_table("episode_calls")
    op.drop_table("episodes")
