"""Linking an agenda: what is refused, whose it is, and what is kept of it."""

import pytest
from sqlalchemy import func, select

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.roles import Account, Role
from dispatcher.services.agendas import add_agenda, read_now, remove_agenda
from dispatcher.services.commands import AddAgenda
from dispatcher.services.house import House
from dispatcher.storage.agendas import AgendaFeed, BusyTime
from dispatcher.storage.log import LoggedEvent
from tests.builders import Town
from tests.fakes.agendas import FakeAgendas
from tests.services.own_agendas import URL, agenda, linked, the_feed


@pytest.fixture
def practice(town: Town) -> Account:
    return town.account(Role.PRACTITIONER, town.volunteer())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "agenda"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://moi:secret@agenda.example/a.ics"}, "url"),
        ({"word": "SNP"}, "place"),
        ({"word": "SNP", "place": "5f2b1c9e-58a4-4c43-9a0e-2f1f4b9a0d11"}, "place"),
    ],
)
def test_what_cannot_be_linked_is_told_by_field(
    house: House, practice: Account, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        linked(house, practice, **changes)
    assert list(refused.value.fields) == [field]
    with house.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(AgendaFeed)) == 0


def test_the_same_agenda_twice_and_a_sixth_are_refused(
    house: House, practice: Account, agendas: FakeAgendas
) -> None:
    linked(house, practice)
    with pytest.raises(InvalidError) as twice:
        linked(house, practice)
    for number in range(4):
        linked(house, practice, url=f"{URL}?{number}")
    with pytest.raises(InvalidError) as sixth:
        linked(house, practice, url=f"{URL}?5")
    told = [list(refused.value.fields.items()) for refused in (twice, sixth)]
    assert told == [
        [("url", "Cet agenda est déjà relié.")],
        [("url", "Cinq agendas au plus\u00a0: retirez-en un d’abord.")],
    ]
    assert len(agendas.asked) == 5


def test_an_agenda_is_its_owner_s_alone(
    house: House, town: Town, practice: Account, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = agenda()
    feed_id = linked(house, practice)
    other = town.account(Role.PRACTITIONER, town.volunteer())
    for account in (other, town.regulator):
        for verb in (remove_agenda, read_now):
            with pytest.raises(NotFoundError):
                verb(house, account, feed_id)
    with pytest.raises(NotFoundError):
        add_agenda(house, town.regulator, AddAgenda(url=URL))


def test_nothing_of_an_agenda_but_its_hours_is_kept(
    house: House, town: Town, practice: Account, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = agenda((town.in_hours(3), town.in_hours(4), "Mme Secrète Untel"))
    feed_id = linked(house, practice)
    feed = the_feed(house, feed_id)
    assert "secret-4711" not in feed.url
    assert feed.host == "agenda.example"
    with house.db.reading() as session:
        kept = [*session.scalars(select(AgendaFeed)), *session.scalars(select(BusyTime))]
        logged = session.scalars(select(LoggedEvent)).all()
        told = " ".join(str(vars(row)) for row in (*kept, *logged))
    assert "Secrète" not in told
    assert "4711" not in told
