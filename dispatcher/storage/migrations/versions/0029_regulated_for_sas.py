"""Whether the doctor who regulated a request did so for the SAS.

Of what was entered before, the origin says it, as it does from now on where nobody says otherwise.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("care_requests", sa.Column("regulated_for_sas", sa.Boolean(), nullable=True))
    requests = sa.table(
        "care_requests",
        sa.column("regulated_for_sas", sa.Boolean()),
        sa.column("regulated_at"),
        sa.column("origin", sa.String()),
    )
    op.execute(
        requests.update()
        .where(requests.c.regulated_at.is_not(None))
        .values(regulated_for_sas=requests.c.origin.in_(["SAS", "116117"]))
    )


def downgrade() -> None:
    op.drop_column("care_requests", "regulated_for_sas")
