"""Pharmacies, nurses and practices that ask for their patients.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "practices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("practices_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("practices_pkey")),
    )
    op.create_index("practices_by_name", "practices", ["territory_id", "name"], unique=True)
    op.create_table(
        "practice_members",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("practice_members_user_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practices.id"], name=op.f("practice_members_practice_id_fkey")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("practice_members_pkey")),
    )
    op.create_index("members_by_practice", "practice_members", ["practice_id"])
    op.add_column(
        "care_requests",
        sa.Column("to_validate", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index("requests_by_opener", "care_requests", ["opened_by", "asked_at"])


def downgrade() -> None:
    op.drop_index("requests_by_opener", "care_requests")
    op.drop_column("care_requests", "to_validate")
    op.drop_table("practice_members")
    op.drop_table("practices")
