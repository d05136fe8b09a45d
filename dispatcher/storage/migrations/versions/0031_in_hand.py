"""Regulators take requests in hand, leave notes, and see who else looks at one.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("care_requests", sa.Column("in_hand_of", sa.Uuid(), nullable=True))
    op.add_column("care_requests", sa.Column("in_hand_since", UTCDateTime(), nullable=True))
    op.create_table(
        "request_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("written_at", UTCDateTime(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("request_notes_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["care_requests.id"], name=op.f("request_notes_request_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("request_notes_author_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("request_notes_pkey")),
    )
    op.create_index("notes_by_request", "request_notes", ["request_id", "written_at"])
    op.create_table(
        "request_viewers",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["care_requests.id"], name=op.f("request_viewers_request_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("request_viewers_user_id_fkey")
        ),
        sa.PrimaryKeyConstraint("request_id", "user_id", name=op.f("request_viewers_pkey")),
    )


def downgrade() -> None:
    op.drop_table("request_viewers")
    op.drop_table("request_notes")
    op.drop_column("care_requests", "in_hand_since")
    op.drop_column("care_requests", "in_hand_of")
