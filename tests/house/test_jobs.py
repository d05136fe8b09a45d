"""Each job has one name everywhere: in the table, in the queue, as a function, as a service."""

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from types import FunctionType, ModuleType

from dispatcher.domain.jobs import Job
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
from dispatcher.services.house import House
from dispatcher.storage.unit import Claim
from workers import jobs
from workers.queues import QUEUE_OF, QueueName

ROOT = Path(__file__).resolve().parents[2]
SERVICES = (
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


def functions_of(module: ModuleType) -> dict[str, FunctionType]:
    """What a module defines itself, under public names."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


def services_of(modules: Iterable[ModuleType]) -> set[str]:
    """The services that keep a promise: those that take a house and a claim."""
    return {
        name
        for module in modules
        for name, function in functions_of(module).items()
        if [p.annotation for p in inspect.signature(function).parameters.values()] == [House, Claim]
    }


def test_every_job_is_a_function_of_its_name_that_takes_a_promise() -> None:
    assert set(functions_of(jobs)) == {job.value for job in Job}
    for function in functions_of(jobs).values():
        assert list(inspect.signature(function).parameters) == ["promise_id"]
        assert function.__doc__


def test_every_job_is_a_service_of_its_name() -> None:
    assert services_of(SERVICES) - {"give_up"} == {job.value for job in Job}


def test_every_job_waits_in_a_queue_and_every_queue_has_a_job() -> None:
    assert set(QUEUE_OF) == set(Job)
    assert set(QUEUE_OF.values()) == set(QueueName)


def test_job_names_fit_their_column_and_rqs_ids() -> None:
    for job in Job:
        assert len(job.value) <= 40
        assert re.fullmatch(r"[a-z_]+", job.value)


def test_the_procfile_runs_the_processes_that_there_are() -> None:
    procfile = (ROOT / "Procfile").read_text(encoding="utf-8")
    modules = re.findall(r"-m (workers\.\w+)", procfile)

    assert set(modules) == {"workers.main", "workers.relay", "workers.clock"}
    for module in modules:
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert 'if __name__ == "__main__":\n    main()' in source


def test_the_guard_sees_a_service_that_no_job_names() -> None:
    """The companion."""
    planted = ModuleType("planted")

    def forgotten_work(house: House, claim: Claim) -> None:
        del house, claim

    forgotten_work.__module__ = "planted"
    planted.forgotten_work = forgotten_work  # type: ignore[attr-defined]  # that is the plant

    assert services_of([planted]) == {"forgotten_work"}
