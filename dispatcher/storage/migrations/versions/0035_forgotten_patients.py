"""A patient can be forgotten: the row stays, and says since when.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("patients", sa.Column("forgotten_at", UTCDateTime(), nullable=True))
    op.create_index(
        "patients_known",
        "patients",
        ["created_at"],
        sqlite_where=sa.text("forgotten_at IS NULL"),
        postgresql_where=sa.text("forgotten_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("patients_known", "patients")
    op.drop_column("patients", "forgotten_at")
