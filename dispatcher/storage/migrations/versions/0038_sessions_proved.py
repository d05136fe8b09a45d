"""When whoever has a session last proved who they are.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_sessions", sa.Column("proved_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("user_sessions", "proved_at")
