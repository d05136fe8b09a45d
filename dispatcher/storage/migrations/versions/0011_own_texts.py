"""The texts of SMS that a territory writes itself.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_texts",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("own_texts_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("territory_id", "language", "kind", name=op.f("own_texts_pkey")),
    )


def downgrade() -> None:
    op.drop_table("own_texts")
