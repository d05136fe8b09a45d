"""The names of work that may be promised. Each is also the name of a function in `workers.jobs`."""

from enum import StrEnum


class Job(StrEnum):
    """Work that a transaction may promise; its arguments are ids."""

    MATCH_WAITING = "match_waiting"
    ESCALATE_REQUEST = "escalate_request"
    SEND_MESSAGE = "send_message"
    SEND_UNHURRIED = "send_unhurried"
    """The same for what can wait: it never stands in the way of a confirmation."""
    SEND_EMAIL = "send_email"
    SWEEP_WAITING = "sweep_waiting"
    WATCH_UNSENT = "watch_unsent"
    SEND_AGAIN = "send_again"
    REMIND_PATIENT = "remind_patient"
    FOLLOW_UP_VISIT = "follow_up_visit"
    SEAL_LOG = "seal_log"
    CLOSE_PAST_SLOTS = "close_past_slots"
    PUBLISH_OCCURRENCES = "publish_occurrences"
    ASK_VOLUNTEERS = "ask_volunteers"
    ASK_PRACTITIONERS = "ask_practitioners"
    EXPIRE_OFFERS = "expire_offers"
    MISS_HOUR = "miss_hour"
    LEARN_PRICES = "learn_prices"
    RUN_SIMULATION = "run_simulation"
    IMPORT_DIRECTORY = "import_directory"
    COUNT_DAYS = "count_days"
    MAKE_EVIDENCE = "make_evidence"
    MAIL_REPORTS = "mail_reports"
    READ_AGENDAS = "read_agendas"
    READ_AGENDA = "read_agenda"
