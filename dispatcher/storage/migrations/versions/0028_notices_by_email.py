"""Practitioners choose how they are told; an e-mail may be about an appointment or an offer.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ABOUT = {
    "request_id": "care_requests",
    "appointment_id": "appointments",
    "offer_id": "offers",
}


def upgrade() -> None:
    op.add_column(
        "practitioners",
        sa.Column("notice_channel", sa.String(40), nullable=False, server_default="sms"),
    )
    op.add_column("practitioners", sa.Column("email_refused_at", UTCDateTime(), nullable=True))
    with op.batch_alter_table("emails") as emails:
        for column, table in ABOUT.items():
            emails.add_column(
                sa.Column(
                    column,
                    sa.Uuid(),
                    sa.ForeignKey(f"{table}.id", name=f"fk_emails_{column}_{table}"),
                    nullable=True,
                )
            )


def downgrade() -> None:
    with op.batch_alter_table("emails") as emails:
        for column, table in ABOUT.items():
            emails.drop_constraint(f"fk_emails_{column}_{table}", type_="foreignkey")
            emails.drop_column(column)
    op.drop_column("practitioners", "email_refused_at")
    op.drop_column("practitioners", "notice_channel")
