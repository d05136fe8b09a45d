"""The language in which a patient is written to. Those who are known are written to in French.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "patients", sa.Column("language", sa.String(40), server_default="fr", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("patients", "language")
