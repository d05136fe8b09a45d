"""Codes beside the password, and the roles that a territory asks them of.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE, UTCDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("second_factors_user_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("second_factors_pkey")),
        sa.UniqueConstraint("user_id", name=op.f("second_factors_user_id_key")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hashed", sa.String(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("recovery_codes_user_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("recovery_codes_pkey")),
    )
    op.create_index(op.f("recovery_codes_user_id"), "recovery_codes", ["user_id"])
    op.add_column(
        "territories",
        sa.Column(
            "second_factor_roles", JSON_VALUE, server_default=sa.text("'[]'"), nullable=False
        ),
    )


def downgrade() -> None:
    op.drop_column("territories", "second_factor_roles")
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
