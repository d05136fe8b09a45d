"""The rules that wake people name figures that exist."""

import re
from dataclasses import replace
from pathlib import Path

from dispatcher.web.application import create_app
from tests.builders import Town

DOCS = Path(__file__).resolve().parents[2] / "docs"
TOKEN = "m" * 40
SERIES = re.compile(r"snp_[a-z_]+")


def unknown(rules: str, shown: str) -> set[str]:
    """The figures that rules are about and that nobody shows."""
    return set(SERIES.findall(rules)) - set(re.findall(r"^# TYPE (\w+)", shown, re.MULTILINE))


def test_each_alert_is_about_a_figure_that_is_shown_and_says_what_to_do(town: Town) -> None:
    settings = replace(town.house.settings, metrics_token=TOKEN)
    client = create_app(replace(town.house, settings=settings)).test_client()
    shown = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    rules = (DOCS / "alerts.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)

    assert unknown(rules, shown) == set()
    assert unknown(rules + " snp_dreams > 3", shown) == {"snp_dreams"}
    told = (DOCS / "operations.md").read_text()
    assert len(alerts) >= 9
    assert [name for name in alerts if f"| {name} |" not in told] == []
