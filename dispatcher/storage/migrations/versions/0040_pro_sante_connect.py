"""National numbers of accounts, and sessions that were opened with two factors elsewhere.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("national_id", sa.String(), nullable=True))
    op.create_index(op.f("users_national_id"), "users", ["national_id"])
    op.add_column(
        "user_sessions",
        sa.Column("is_strong", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("user_sessions", "is_strong")
    op.drop_index(op.f("users_national_id"), table_name="users")
    op.drop_column("users", "national_id")
