"""Matching without a dead end: volunteers' limits, offers, neighbours, prices and simulations.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.columns import JSON_VALUE, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ACCEPTED = sa.text("status = 'accepted'")
_AGREEMENT_STANDS = sa.text("ended_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("practitioners", schema=None) as batch_op:
        batch_op.add_column(sa.Column("patient_sex", sa.String(length=40), nullable=True))
        batch_op.add_column(
            sa.Column("languages", JSON_VALUE, nullable=False, server_default='["fr"]')
        )
        batch_op.add_column(sa.Column("weekly_cap", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("accepts_offers", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(
            sa.Column("modalities", JSON_VALUE, nullable=False, server_default='["AMB"]')
        )
        batch_op.create_check_constraint(
            op.f("practitioners_weekly_cap_check"), "weekly_cap IS NULL OR weekly_cap > 0"
        )
    with op.batch_alter_table("places", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("step_free", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("offer_id", sa.Uuid(), nullable=True))
    with op.batch_alter_table("care_requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sex", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("language", sa.String(length=40), nullable=True))
        batch_op.add_column(
            sa.Column("needs_step_free", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("travel_km", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("radius_km", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("accepted_offer_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("waves", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_check_constraint(
            op.f("care_requests_radius_km_check"), "radius_km IS NULL OR radius_km > 0"
        )
        batch_op.create_check_constraint(
            op.f("care_requests_travel_km_check"), "travel_km IS NULL OR travel_km >= 0"
        )
    with op.batch_alter_table("appointments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("refused", JSON_VALUE, nullable=False, server_default="{}"))

    op.create_table(
        "offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("phone_hash", sa.String(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("link_digest", sa.String(), nullable=False),
        sa.Column("distance_km", sa.Double(), nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("wave >= 1", name=op.f("offers_wave_check")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("offers_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["care_requests.id"], name=op.f("offers_request_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("offers_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("offers_place_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("offers_pkey")),
        sa.UniqueConstraint("link_digest", name=op.f("offers_link_digest_key")),
        sa.UniqueConstraint(
            "request_id", "practitioner_id", name=op.f("offers_request_id_practitioner_id_key")
        ),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index(
            "one_accepted_offer_per_request",
            ["request_id"],
            unique=True,
            sqlite_where=_ACCEPTED,
            postgresql_where=_ACCEPTED,
        )
        batch_op.create_index("offers_by_phone", ["phone_hash", "made_at"], unique=False)
        batch_op.create_index(
            "offers_by_practitioner", ["practitioner_id", "made_at"], unique=False
        )

    op.create_table(
        "neighbour_agreements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("first_agreed_at", UTCDateTime(), nullable=True),
        sa.Column("second_agreed_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("first_id < second_id", name=op.f("neighbour_agreements_order_check")),
        sa.ForeignKeyConstraint(
            ["first_id"], ["territories.id"], name=op.f("neighbour_agreements_first_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["territories.id"], name=op.f("neighbour_agreements_second_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("neighbour_agreements_pkey")),
    )
    with op.batch_alter_table("neighbour_agreements", schema=None) as batch_op:
        batch_op.create_index(
            "one_standing_agreement",
            ["first_id", "second_id"],
            unique=True,
            sqlite_where=_AGREEMENT_STANDS,
            postgresql_where=_AGREEMENT_STANDS,
        )

    op.create_table(
        "slot_prices",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("price", sa.Double(), nullable=False),
        sa.Column("learned_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("slot_prices_weekday_check")),
        sa.CheckConstraint("price >= 0", name=op.f("slot_prices_price_check")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("slot_prices_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("slot_prices_practitioner_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "territory_id", "practitioner_id", "weekday", name=op.f("slot_prices_pkey")
        ),
    )

    op.create_table(
        "simulations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("question", JSON_VALUE, nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("result", JSON_VALUE, nullable=True),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("simulations_progress_check")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("simulations_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("simulations_asked_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("simulations_pkey")),
    )
    with op.batch_alter_table("simulations", schema=None) as batch_op:
        batch_op.create_index(
            "simulations_by_territory", ["territory_id", "asked_at"], unique=False
        )

    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offer_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_column("offer_id")
    op.drop_table("simulations")
    op.drop_table("slot_prices")
    op.drop_table("neighbour_agreements")
    op.drop_table("offers")
    with op.batch_alter_table("appointments", schema=None) as batch_op:
        batch_op.drop_column("refused")
    with op.batch_alter_table("care_requests", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("care_requests_travel_km_check"), type_="check")
        batch_op.drop_constraint(op.f("care_requests_radius_km_check"), type_="check")
        for column in (
            "waves",
            "accepted_offer_id",
            "radius_km",
            "travel_km",
            "needs_step_free",
            "language",
            "sex",
        ):
            batch_op.drop_column(column)
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.drop_column("offer_id")
        batch_op.drop_column("shared")
    with op.batch_alter_table("places", schema=None) as batch_op:
        batch_op.drop_column("step_free")
    with op.batch_alter_table("practitioners", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("practitioners_weekly_cap_check"), type_="check")
        for column in (
            "modalities",
            "accepts_offers",
            "weekly_cap",
            "languages",
            "patient_sex",
        ):
            batch_op.drop_column(column)
