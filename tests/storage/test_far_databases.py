"""A machine that no packet reaches any more is given up within seconds, on both sides."""

from sqlalchemy import text

from dispatcher.services.house import House
from dispatcher.storage.engines import POSTGRES_CONNECTION, POSTGRES_SESSION


def test_postgresql_and_its_client_ask_after_each_other(house: House) -> None:
    """`tests/faults/test_hosts.py` cuts machines off for real, where that is permitted."""
    if house.db.engine.dialect.name != "postgresql":
        assert house.db.engine.url.database  # a file is never far
        return
    with house.db.reading() as session:
        shown = {name: session.scalar(text(f"SHOW {name}")) for name in POSTGRES_SESSION}
        driver = session.connection().connection.driver_connection
        assert driver is not None
        told = driver.info.get_parameters()

    assert shown == POSTGRES_SESSION
    assert {name: told[name] for name in POSTGRES_CONNECTION if name != "options"} == {
        "connect_timeout": "5",
        "keepalives_idle": "5",
        "keepalives_interval": "2",
        "keepalives_count": "3",
        "tcp_user_timeout": "10000",
    }
