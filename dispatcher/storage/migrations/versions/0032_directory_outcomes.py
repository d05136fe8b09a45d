"""What an import of the directory did is one row a person.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_outcomes",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("rpps", sa.String(length=40), nullable=False),
        sa.Column("told", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["directory_imports.id"],
            name=op.f("fk_directory_outcomes_import_id_directory_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "rpps", name=op.f("pk_directory_outcomes")),
    )


def downgrade() -> None:
    op.drop_table("directory_outcomes")
