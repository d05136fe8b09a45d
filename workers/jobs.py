"""One function for each Job: a promise's id in, one service called. RQ finds them by name."""

from dispatcher.services import (
    agendas,
    answers,
    asking,
    calling,
    day_counts,
    directory,
    evidence,
    forgetting,
    matching,
    occurrences,
    offers,
    prices,
    questions,
    reminders,
    report_mails,
    sealing,
    sending,
    sending_again,
    sending_emails,
    slots,
    what_if,
)
from workers.keeping import keep


def match_waiting(promise_id: str) -> None:
    """Match a territory's waiting queue."""
    keep(promise_id, matching.match_waiting)


def match_again(promise_id: str) -> None:
    """Match a territory's waiting queue once more, behind whoever has just called."""
    keep(promise_id, matching.match_again)


def escalate_request(promise_id: str) -> None:
    """Put a request that still waits in front of the regulator."""
    keep(promise_id, matching.escalate_request)


def watch_unsent(promise_id: str) -> None:
    """Ask to telephone where an SMS has not left for too long."""
    keep(promise_id, calling.watch_unsent)


def sweep_waiting(promise_id: str) -> None:
    """Have every territory with somebody waiting matched again."""
    keep(promise_id, matching.sweep_waiting)


def send_message(promise_id: str) -> None:
    """Send one SMS."""
    keep(promise_id, sending.send_message, last_words=sending.give_up)


def send_unhurried(promise_id: str) -> None:
    """Send one SMS that can wait."""
    keep(promise_id, sending.send_unhurried, last_words=sending.give_up)


def send_again(promise_id: str) -> None:
    """Send once more an SMS that an unreachable telephone did not get."""
    keep(promise_id, sending_again.send_again)


def send_email(promise_id: str) -> None:
    """Send one e-mail."""
    keep(promise_id, sending_emails.send_email, last_words=sending_emails.give_up)


def remind_patient(promise_id: str) -> None:
    """Remind a patient of their appointment."""
    keep(promise_id, reminders.remind_patient)


def follow_up_visit(promise_id: str) -> None:
    """Write to a patient after their visit, or after they did not come."""
    keep(promise_id, reminders.follow_up_visit)


def seal_log(promise_id: str) -> None:
    """Seal the days of the log that are over."""
    keep(promise_id, sealing.seal_log)


def close_past_slots(promise_id: str) -> None:
    """Close the slots that are over."""
    keep(promise_id, slots.close_past_slots)


def publish_occurrences(promise_id: str) -> None:
    """Publish the slots that weekly templates make in the weeks ahead."""
    keep(promise_id, occurrences.publish_occurrences)


def ask_volunteers(promise_id: str) -> None:
    """Ask the next volunteers about a request that no published slot fits."""
    keep(promise_id, asking.ask_volunteers)


def ask_practitioners(promise_id: str) -> None:
    """Ask practitioners in the morning about what nobody closed."""
    keep(promise_id, questions.ask_practitioners)


def expire_offers(promise_id: str) -> None:
    """End the offers of a request that nobody answered in time."""
    keep(promise_id, offers.expire_offers)


def miss_hour(promise_id: str) -> None:
    """Put a yes whose hour was not chosen in front of the regulator."""
    keep(promise_id, answers.miss_hour)


def learn_prices(promise_id: str) -> None:
    """Learn what slots are worth from the last weeks."""
    keep(promise_id, prices.learn_prices)


def run_simulation(promise_id: str) -> None:
    """Answer a coordinator's « et si »."""
    keep(promise_id, what_if.run_simulation, last_words=what_if.give_up)


def count_days(promise_id: str) -> None:
    """Count the days of which the log says more than is kept."""
    keep(promise_id, day_counts.count_days)


def forget_old(promise_id: str) -> None:
    """Forget and delete what was kept for long enough."""
    keep(promise_id, forgetting.forget_old)


def read_agendas(promise_id: str) -> None:
    """Have the practitioners' own agendas read whose turn it is."""
    keep(promise_id, agendas.read_agendas)


def read_agenda(promise_id: str) -> None:
    """Read one agenda, and close or open again the slots that it says."""
    keep(promise_id, agendas.read_agenda)


def import_directory(promise_id: str) -> None:
    """Go on with an import of the national directory."""
    keep(promise_id, directory.import_directory, last_words=directory.give_up)


def make_evidence(promise_id: str) -> None:
    """Make a file of evidence for a year of contract."""
    keep(promise_id, evidence.make_evidence, last_words=evidence.give_up)


def mail_reports(promise_id: str) -> None:
    """Write last month's report to whoever is to have it."""
    keep(promise_id, report_mails.mail_reports)
