"""A demonstration with all its processes, and the installed Chromium to walk through it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
READY = re.compile(r"^Prêt : (http://\S+)$", re.MULTILINE)
PATIENCE_SECONDS = 120
DESKTOP = {"width": 1440, "height": 900}
TELEPHONE = {"width": 390, "height": 844}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def chromium() -> str | None:
    """The installed Chromium; playwright brings none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests are skipped, visibly; in CI that is a failure."""
    if chromium() is not None or os.environ.get("CI") == "true":
        return
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason="no Chromium is installed"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the installed browser, and let it look nothing up elsewhere."""
    return browser_type_launch_args | {
        "executable_path": chromium(),
        "args": [
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ],
    }


@dataclass(frozen=True)
class Demonstration:
    """A running `./snp demo`."""

    base_url: str
    described: dict[str, Any]
    directory: Path

    def account(self, role: str, territory: str = "demo-jura") -> dict[str, str]:
        """The first account of that role."""
        return next(
            account
            for account in self.described["accounts"]
            if account["role"] == role and account["territory"] == territory
        )


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """`./snp demo` on a free port, stopped as by Ctrl-C."""
    data = tmp_path_factory.mktemp("demonstration") / "data"
    output = data.parent / "output.txt"
    with output.open("w") as written:
        process = subprocess.Popen(
            [str(ROOT / "snp"), "demo", "--port", "0", "--data", str(data)],
            cwd=ROOT,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        base_url = _wait_until_ready(process, output)
        described = json.loads((data / "demo.json").read_text(encoding="utf-8"))
        yield Demonstration(base_url, described, data)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _wait_until_ready(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := READY.search(output.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.1)  # the condition is looked at ten times a second
    raise AssertionError(f"the demonstration did not come up:\n{output.read_text()}")


@pytest.fixture
def visitor(browser: Browser, demonstration: Demonstration) -> "Iterator[Visitors]":
    """Opens browsers, each with its own cookies and size."""
    opened = Visitors(browser, demonstration)
    yield opened
    opened.close()


class Visitors:
    """Everybody who looks at the demonstration in a test."""

    def __init__(self, browser: Browser, demonstration: Demonstration) -> None:
        self._browser = browser
        self._demonstration = demonstration
        self._contexts: list[BrowserContext] = []

    def open(self, path: str, size: dict[str, int] | None = None) -> Page:
        """A page of somebody who is not signed in."""
        context = self._browser.new_context(
            viewport=size or DESKTOP,  # type: ignore[arg-type]  # a TypedDict of the same keys
            locale="fr-FR",
            base_url=self._demonstration.base_url,
        )
        context.set_default_timeout(15_000)
        self._contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    def sign_in(
        self, role: str, size: dict[str, int] | None = None, territory: str = "demo-jura"
    ) -> Page:
        """A page of somebody of that role, on their first page."""
        return self.sign_in_on(self.open("/connexion", size), role, territory)

    def sign_in_on(self, page: Page, role: str, territory: str = "demo-jura") -> Page:
        """The same on a page that shows the sign-in already."""
        account = self._demonstration.account(role, territory)
        page.get_by_label("Identifiant").fill(account["login"])
        page.get_by_label("Mot de passe").fill(account["password"])
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_url(lambda url: "/connexion" not in url)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def accessibility_faults(page: Page) -> list[str]:
    """What axe finds on the page at WCAG 2.2 AA, one line for each fault and element."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG)
    return [
        f"{page.url}: {violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width
