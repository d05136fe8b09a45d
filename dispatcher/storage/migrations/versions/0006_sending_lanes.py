"""How fast SMS may leave: one row for each limit.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sending_lanes",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("busy_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("sending_lanes_pkey")),
    )


def downgrade() -> None:
    op.drop_table("sending_lanes")
