"""Who gets the month's report by e-mail.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_recipients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("report_recipients_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["added_by"], ["users.id"], name=op.f("report_recipients_added_by_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("report_recipients_pkey")),
    )
    op.create_index("report_recipients_by_territory", "report_recipients", ["territory_id"])


def downgrade() -> None:
    op.drop_table("report_recipients")
