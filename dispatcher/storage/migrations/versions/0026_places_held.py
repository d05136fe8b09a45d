"""A place of a slot can be held while its patient is on the telephone.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slots", sa.Column("held_for", sa.Uuid(), nullable=True))
    op.add_column("slots", sa.Column("held_until", UTCDateTime(), nullable=True))
    op.create_index(
        "slots_held",
        "slots",
        ["held_for"],
        sqlite_where=sa.text("held_for IS NOT NULL"),
        postgresql_where=sa.text("held_for IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("slots_held", "slots")
    op.drop_column("slots", "held_until")
    op.drop_column("slots", "held_for")
