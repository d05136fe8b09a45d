"""Whose number an SMS comes from, by an index.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("practitioners_by_phone", "practitioners", ["phone"])


def downgrade() -> None:
    op.drop_index("practitioners_by_phone", table_name="practitioners")
