"""The first house.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from dispatcher.storage.append_only import protect, unprotect
from dispatcher.storage.columns import JSON_VALUE, LOG_POSITION, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - one statement per table
    op.create_table(
        "day_seals",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last_event_id", LOG_POSITION, nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sealed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("day_seals_pkey")),
    )
    op.create_table(
        "event_log",
        sa.Column("id", LOG_POSITION, autoincrement=True, nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("occurs_at", UTCDateTime(), nullable=True),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("slot_id", sa.Uuid(), nullable=True),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("data", JSON_VALUE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("event_log_pkey")),
    )
    with op.batch_alter_table("event_log", schema=None) as batch_op:
        batch_op.create_index("events_by_instant", ["at"], unique=False)
        batch_op.create_index("events_by_occurrence", ["territory_id", "occurs_at"], unique=False)
        batch_op.create_index("events_by_request", ["request_id"], unique=False)
        batch_op.create_index("events_by_territory", ["territory_id", "at"], unique=False)

    op.create_table(
        "promises",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("ids", JSON_VALUE, nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("correlation", sa.String(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("promises_pkey")),
        sa.UniqueConstraint("key", name=op.f("promises_key_key")),
    )
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.create_index(
            "promises_dead",
            ["dead_at"],
            unique=False,
            postgresql_where=sa.text("dead_at IS NOT NULL"),
            sqlite_where=sa.text("dead_at IS NOT NULL"),
        )
        batch_op.create_index(
            "promises_owed",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )

    op.create_table(
        "territories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("settings", JSON_VALUE, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("territories_pkey")),
        sa.UniqueConstraint("code", name=op.f("territories_code_key")),
    )
    op.create_table(
        "ticks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("ticks_pkey")),
    )
    op.create_table(
        "matching_leases",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("again", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("matching_leases_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("territory_id", name=op.f("matching_leases_pkey")),
    )
    op.create_table(
        "opt_outs",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("phone_hash", sa.String(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("opt_outs_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("territory_id", "phone_hash", name=op.f("opt_outs_pkey")),
    )
    op.create_table(
        "patients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("birth_date", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("phone_hash", sa.String(), nullable=False),
        sa.Column("identity_hash", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("patients_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("patients_pkey")),
    )
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.create_index(
            "patients_by_identity", ["territory_id", "identity_hash"], unique=False
        )
        batch_op.create_index("patients_by_phone", ["territory_id", "phone_hash"], unique=False)

    op.create_table(
        "practitioners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("rpps", sa.String(), nullable=True),
        sa.Column("profession", sa.String(length=40), nullable=False),
        sa.Column("specialty", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("min_age", sa.Integer(), nullable=True),
        sa.Column("max_age", sa.Integer(), nullable=True),
        sa.Column("daily_cap", sa.Integer(), nullable=True),
        sa.Column("minimum_notice_minutes", sa.Integer(), nullable=False),
        sa.Column("slot_revision", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "daily_cap IS NULL OR daily_cap > 0", name=op.f("practitioners_daily_cap_check")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("practitioners_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("practitioners_pkey")),
        sa.UniqueConstraint(
            "territory_id", "rpps", name=op.f("practitioners_territory_id_rpps_key")
        ),
    )
    with op.batch_alter_table("practitioners", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("practitioners_territory_id"), ["territory_id"], unique=False
        )

    op.create_table(
        "places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("commune", sa.String(length=40), nullable=False),
        sa.Column("commune_name", sa.String(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("places_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("places_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("places_pkey")),
    )
    with op.batch_alter_table("places", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("places_practitioner_id"), ["practitioner_id"], unique=False
        )
        batch_op.create_index(batch_op.f("places_territory_id"), ["territory_id"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "role <> 'practitioner' OR practitioner_id IS NOT NULL",
            name=op.f("users_practitioner_check"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("users_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("users_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("users_pkey")),
        sa.UniqueConstraint("login", name=op.f("users_login_key")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("users_territory_id"), ["territory_id"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("api_tokens_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("api_tokens_pkey")),
        sa.UniqueConstraint("digest", name=op.f("api_tokens_digest_key")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("api_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "care_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("attention", sa.String(), nullable=True),
        sa.Column("profession", sa.String(length=40), nullable=False),
        sa.Column("specialty", sa.String(), nullable=True),
        sa.Column("modalities", JSON_VALUE, nullable=False),
        sa.Column("motive", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("delay_hours", sa.Integer(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("earliest_at", UTCDateTime(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("regulated_by", sa.String(), nullable=True),
        sa.Column("regulated_at", UTCDateTime(), nullable=True),
        sa.Column("commune", sa.String(length=40), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("age", sa.Integer(), nullable=False),
        sa.Column("has_gp", sa.Boolean(), nullable=False),
        sa.Column("gp_id", sa.Uuid(), nullable=True),
        sa.Column("excluded_practitioners", JSON_VALUE, nullable=False),
        sa.Column("refused", JSON_VALUE, nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("closing_code", sa.String(), nullable=True),
        sa.Column("closing_note", sa.String(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("delay_hours > 0", name=op.f("care_requests_delay_hours_check")),
        sa.ForeignKeyConstraint(
            ["gp_id"], ["practitioners.id"], name=op.f("care_requests_gp_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["users.id"], name=op.f("care_requests_opened_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("care_requests_patient_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("care_requests_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("care_requests_pkey")),
    )
    with op.batch_alter_table("care_requests", schema=None) as batch_op:
        batch_op.create_index(
            "one_live_request_per_code",
            ["territory_id", "code"],
            unique=True,
            sqlite_where=sa.text("status IN ('open', 'searching', 'offering', 'booked')"),
            postgresql_where=sa.text("status IN ('open', 'searching', 'offering', 'booked')"),
        )
        batch_op.create_index("requests_by_patient", ["patient_id"], unique=False)
        batch_op.create_index(
            "requests_waiting", ["territory_id", "status", "due_at"], unique=False
        )

    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("idempotency_keys_user_id_fkey")
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("idempotency_keys_pkey")),
    )
    op.create_table(
        "slots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("start_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("modality", sa.String(length=40), nullable=False),
        sa.Column("visibility", JSON_VALUE, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "status <> 'open' OR taken < places", name=op.f("slots_open_has_room_check")
        ),
        sa.CheckConstraint("ends_at > start_at", name=op.f("slots_order_check")),
        sa.CheckConstraint("places >= 1", name=op.f("slots_places_check")),
        sa.CheckConstraint("taken >= 0 AND taken <= places", name=op.f("slots_taken_check")),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("slots_place_id_fkey")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("slots_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("slots_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("slots_pkey")),
    )
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.create_index(
            "slots_by_practitioner", ["practitioner_id", "start_at"], unique=False
        )
        batch_op.create_index(
            "slots_by_territory", ["territory_id", "status", "ends_at"], unique=False
        )

    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("start_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("distance_km", sa.Double(), nullable=True),
        sa.Column("terms", JSON_VALUE, nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("override_note", sa.String(), nullable=True),
        sa.Column("link_digest", sa.String(), nullable=False),
        sa.Column("booked_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("appointments_practitioner_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["care_requests.id"], name=op.f("appointments_request_id_fkey")
        ),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name=op.f("appointments_slot_id_fkey")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("appointments_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("appointments_pkey")),
        sa.UniqueConstraint("link_digest", name=op.f("appointments_link_digest_key")),
    )
    with op.batch_alter_table("appointments", schema=None) as batch_op:
        batch_op.create_index(
            "appointments_by_practitioner", ["practitioner_id", "start_at"], unique=False
        )
        batch_op.create_index("appointments_by_slot", ["slot_id"], unique=False)
        batch_op.create_index(
            "appointments_by_territory", ["territory_id", "start_at"], unique=False
        )
        batch_op.create_index(
            "one_live_appointment_per_request",
            ["request_id"],
            unique=True,
            sqlite_where=sa.text("status <> 'cancelled'"),
            postgresql_where=sa.text("status <> 'cancelled'"),
        )

    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("to_role", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("phone_hash", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("provider_sid", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("sending_since", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("handled_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("messages_appointment_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("messages_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["care_requests.id"], name=op.f("messages_request_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territories.id"], name=op.f("messages_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("messages_pkey")),
        sa.UniqueConstraint("provider_sid", name=op.f("messages_provider_sid_key")),
        sa.UniqueConstraint("purpose", name=op.f("messages_purpose_key")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("messages_by_phone", ["phone_hash", "created_at"], unique=False)
        batch_op.create_index("messages_by_request", ["request_id"], unique=False)
        batch_op.create_index("messages_by_territory", ["territory_id", "created_at"], unique=False)
        batch_op.create_index(
            "messages_unsent",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("status IN ('queued', 'sending')"),
            postgresql_where=sa.text("status IN ('queued', 'sending')"),
        )
        batch_op.create_index(
            "messages_to_read",
            ["territory_id"],
            unique=False,
            sqlite_where=sa.text("direction = 'in' AND handled_at IS NULL"),
            postgresql_where=sa.text("direction = 'in' AND handled_at IS NULL"),
        )
    protect(op.get_bind(), "event_log", key="id")
    protect(op.get_bind(), "day_seals", key="day")


def downgrade() -> None:  # noqa: PLR0915 - one statement per table
    unprotect(op.get_bind(), "day_seals")
    unprotect(op.get_bind(), "event_log")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(
            "messages_to_read",
            sqlite_where=sa.text("direction = 'in' AND handled_at IS NULL"),
            postgresql_where=sa.text("direction = 'in' AND handled_at IS NULL"),
        )
        batch_op.drop_index("messages_by_territory")
        batch_op.drop_index("messages_by_request")
        batch_op.drop_index("messages_by_phone")

    op.drop_table("messages")
    with op.batch_alter_table("appointments", schema=None) as batch_op:
        batch_op.drop_index(
            "one_live_appointment_per_request",
            sqlite_where=sa.text("status <> 'cancelled'"),
            postgresql_where=sa.text("status <> 'cancelled'"),
        )
        batch_op.drop_index("appointments_by_territory")
        batch_op.drop_index("appointments_by_slot")
        batch_op.drop_index("appointments_by_practitioner")

    op.drop_table("appointments")
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.drop_index("slots_by_territory")
        batch_op.drop_index("slots_by_practitioner")

    op.drop_table("slots")
    op.drop_table("idempotency_keys")
    with op.batch_alter_table("care_requests", schema=None) as batch_op:
        batch_op.drop_index("requests_waiting")
        batch_op.drop_index("requests_by_patient")
        batch_op.drop_index(
            "one_live_request_per_code",
            sqlite_where=sa.text("status IN ('open', 'searching', 'offering', 'booked')"),
            postgresql_where=sa.text("status IN ('open', 'searching', 'offering', 'booked')"),
        )

    op.drop_table("care_requests")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("api_tokens_user_id"))

    op.drop_table("api_tokens")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("users_territory_id"))

    op.drop_table("users")
    with op.batch_alter_table("places", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("places_territory_id"))
        batch_op.drop_index(batch_op.f("places_practitioner_id"))

    op.drop_table("places")
    with op.batch_alter_table("practitioners", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("practitioners_territory_id"))

    op.drop_table("practitioners")
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.drop_index("patients_by_phone")
        batch_op.drop_index("patients_by_identity")

    op.drop_table("patients")
    op.drop_table("opt_outs")
    op.drop_table("matching_leases")
    op.drop_table("ticks")
    op.drop_table("territories")
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.drop_index(
            "promises_owed",
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )
        batch_op.drop_index(
            "promises_dead",
            postgresql_where=sa.text("dead_at IS NOT NULL"),
            sqlite_where=sa.text("dead_at IS NOT NULL"),
        )

    op.drop_table("promises")
    with op.batch_alter_table("event_log", schema=None) as batch_op:
        batch_op.drop_index("events_by_territory")
        batch_op.drop_index("events_by_request")
        batch_op.drop_index("events_by_occurrence")
        batch_op.drop_index("events_by_instant")

    op.drop_table("event_log")
    op.drop_table("day_seals")
