"""A promise knows in whose name it was made, so that its administrator can have it tried again.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promises", sa.Column("territory_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("promises", "territory_id")
