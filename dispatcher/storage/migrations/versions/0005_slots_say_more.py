"""A slot's own notice, its note for the patient, « libre maintenant »; a place's access and ids.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CHECK = "slots_minimum_notice_check"


def upgrade() -> None:
    with op.batch_alter_table("slots") as slots:
        slots.add_column(sa.Column("minimum_notice_minutes", sa.Integer(), nullable=True))
        slots.add_column(sa.Column("note", sa.String(), nullable=True))
        slots.add_column(
            sa.Column("free_now", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        slots.create_check_constraint(op.f(_CHECK), "minimum_notice_minutes >= 0")
    op.add_column("places", sa.Column("access", sa.String(), server_default="", nullable=False))
    op.add_column("places", sa.Column("finess", sa.String(length=40), nullable=True))
    op.add_column("places", sa.Column("siret", sa.String(length=40), nullable=True))
    op.add_column("places", sa.Column("closed_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    for name in ("closed_at", "siret", "finess", "access"):
        op.drop_column("places", name)
    with op.batch_alter_table("slots") as slots:
        slots.drop_constraint(op.f(_CHECK), type_="check")
        for name in ("free_now", "note", "minimum_notice_minutes"):
            slots.drop_column(name)
