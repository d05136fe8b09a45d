"""Patients without a médecin traitant, on the coordinators' list.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE, UTCDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_OPEN = sa.text("status IN ('to_contact', 'proposed')")


def upgrade() -> None:
    op.create_table(
        "gp_searches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("ald", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("c2s", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("declined_by", JSON_VALUE, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("gp_searches_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("gp_searches_patient_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["care_requests.id"], name=op.f("gp_searches_request_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("gp_searches_practitioner_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("gp_searches_pkey")),
    )
    op.create_index(
        "one_open_gp_search",
        "gp_searches",
        ["patient_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "gp_searches_by_status", "gp_searches", ["territory_id", "status", "created_at"]
    )


def downgrade() -> None:
    op.drop_table("gp_searches")
