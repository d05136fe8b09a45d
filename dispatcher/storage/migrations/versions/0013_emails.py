"""E-mails to professionals, and practitioners' addresses.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_UNSENT = sa.text("status IN ('queued', 'sending')")


def upgrade() -> None:
    op.create_table(
        "emails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("attachment_name", sa.String(), nullable=True),
        sa.Column("attachment_type", sa.String(), nullable=True),
        sa.Column("attachment", sa.String(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("sending_since", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("emails_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("emails_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("emails_pkey")),
        sa.UniqueConstraint("purpose", name=op.f("emails_purpose_key")),
    )
    op.create_index("emails_by_practitioner", "emails", ["practitioner_id"])
    op.create_index(
        "emails_unsent",
        "emails",
        ["created_at"],
        sqlite_where=_UNSENT,
        postgresql_where=_UNSENT,
    )
    op.add_column("practitioners", sa.Column("email", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("practitioners", "email")
    op.drop_table("emails")
