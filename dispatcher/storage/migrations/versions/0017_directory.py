"""Imports of the national directory.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE, UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_as", sa.String(length=40), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tally", JSON_VALUE, server_default="{}", nullable=False),
        sa.Column("findings", JSON_VALUE, server_default="[]", nullable=False),
        sa.Column("choice", JSON_VALUE, server_default="{}", nullable=False),
        sa.Column("progress", sa.Double(), server_default="0", nullable=False),
        sa.Column("done_through", sa.String(), server_default="", nullable=False),
        sa.Column("result", JSON_VALUE, server_default="{}", nullable=False),
        sa.Column("report", JSON_VALUE, server_default="[]", nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "progress BETWEEN 0 AND 1", name=op.f("directory_imports_progress_check")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("directory_imports_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["users.id"], name=op.f("directory_imports_asked_by_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("directory_imports_pkey")),
    )
    op.create_index(
        "directory_imports_by_territory", "directory_imports", ["territory_id", "asked_at"]
    )
    op.create_table(
        "directory_lines",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rpps", sa.String(length=40), nullable=False),
        sa.Column("commune", sa.String(length=40), nullable=False),
        sa.Column("profession", sa.String(length=40), nullable=False),
        sa.Column("employed", sa.Boolean(), nullable=False),
        sa.Column("entry", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["directory_imports.id"],
            name=op.f("directory_lines_import_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("directory_lines_pkey")),
    )
    op.create_index("directory_lines_by_person", "directory_lines", ["import_id", "rpps"])
    op.add_column("practitioners", sa.Column("accepts_new_patients", sa.Boolean(), nullable=True))
    op.add_column("practitioners", sa.Column("imported", JSON_VALUE, nullable=True))
    op.add_column("places", sa.Column("imported", JSON_VALUE, nullable=True))


def downgrade() -> None:
    op.drop_column("places", "imported")
    for name in ("imported", "accepts_new_patients"):
        op.drop_column("practitioners", name)
    op.drop_table("directory_lines")
    op.drop_table("directory_imports")
