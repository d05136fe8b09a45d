"""Who opened which patient's file.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.append_only import refuse_updates, unrefuse_updates
from dispatcher.storage.columns import UTCDateTime

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file_openings",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("hour", UTCDateTime(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("file_openings_patient_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("file_openings_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["care_requests.id"], name=op.f("file_openings_request_id_fkey")
        ),
        sa.PrimaryKeyConstraint(
            "patient_id", "actor_id", "way", "hour", name=op.f("file_openings_pkey")
        ),
    )
    op.create_index("openings_of_a_day", "file_openings", ["territory_id", "hour"])
    op.create_index("openings_by_age", "file_openings", ["hour"])
    refuse_updates(op.get_bind(), "file_openings", ("patient_id", "actor_id", "way", "hour"))


def downgrade() -> None:
    unrefuse_updates(op.get_bind(), "file_openings")
    op.drop_table("file_openings")
