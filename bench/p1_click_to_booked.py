"""P1: from the regulator's click to « rendez-vous pris » on the page of the request.

The whole demonstration runs, on SQLite as on anybody's machine, with the installed Chromium in
front of it. The limit is the part of the same click that is only the browser's and the web's: until
the page of the request shows anything at all.
"""

import argparse
import contextlib
import json
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.callers import phone_of
from bench.figures import Figure, median, percentile, run
from bench.stage import ROOT

MEDIAN_SECONDS = 1.0
SLOWEST_SECONDS = 2.0
PATIENCE = 180.0
POLL_SECONDS = 0.1
BOOKED = re.compile("Rendez-vous pris")


@dataclass(frozen=True)
class Seen:
    """Seconds from the click."""

    shown: float
    """Until the page of the request was there."""
    booked: float
    """Until it said « Rendez-vous pris »."""


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """One request after the other, as fast as the form can be filled; the first is not counted."""
    with _demonstration() as told, _browser(told["base_url"]) as page:
        _sign_in(page, told)
        _enter(page, 0)
        seen = [_enter(page, number) for number in range(1, arguments.requests + 1)]
    booked, shown = [each.booked for each in seen], [each.shown for each in seen]
    for what, of, most in (
        ("median", median, MEDIAN_SECONDS),
        ("p95", lambda values: percentile(values, 0.95), SLOWEST_SECONDS),
    ):
        yield Figure(
            number="P1",
            what=f"click to « rendez-vous pris », {len(seen)} requests, {what}",
            unit="s",
            ours=of(booked),
            limit=of(shown),
            limit_is="click to the request's page",
            ratio=of(shown) / of(booked),
            target=f"< {most:g} s",
            holds=of(booked) < most,
        )


@contextlib.contextmanager
def _demonstration() -> Iterator[dict[str, Any]]:
    """`./snp demo` on a free port, in a folder of its own; what it wrote about itself."""
    with tempfile.TemporaryDirectory(prefix="snp-bench-") as folder:
        data, log = Path(folder) / "data", Path(folder) / "output"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(ROOT / "snp"), "demo", "--port", "0", "--data", str(data)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while "Prêt" not in (said := log.read_text(encoding="utf-8")):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the demonstration did not come up: {said}")
                time.sleep(POLL_SECONDS)
            yield json.loads((data / "demo.json").read_text(encoding="utf-8"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)


@contextlib.contextmanager
def _browser(base_url: str) -> Iterator[Page]:
    """A page in the installed Chromium. Raises RuntimeError where there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise RuntimeError("no Chromium is installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser.new_context(locale="fr-FR", base_url=base_url).new_page()
        browser.close()


def _sign_in(page: Page, told: dict[str, Any]) -> None:
    account = next(each for each in told["accounts"] if each["role"] == "regulator")
    page.goto("/connexion")
    page.get_by_label("Identifiant").fill(account["login"])
    page.get_by_label("Mot de passe").fill(account["password"])
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(lambda url: "/connexion" not in url)


def _enter(page: Page, number: int) -> Seen:
    """Fill the form, click, and watch the page that follows."""
    page.goto("/demandes/nouvelle")
    page.get_by_label("Téléphone", exact=True).fill(phone_of(number))
    page.get_by_label("Nom", exact=True).fill(f"Patiente{number}")
    page.get_by_label("Prénom", exact=True).fill("Camille")
    page.get_by_label("Date de naissance").fill("03/02/1950")
    commune = page.get_by_label("Commune", exact=True)
    commune.press_sequentially("lons-le-sau")
    page.get_by_role("option").first.wait_for()
    commune.press("Enter")
    page.get_by_label("Médecin traitant").select_option("none")
    page.get_by_role("radio", name="médecin").first.check()
    page.get_by_role("radio", name="24 h").check()
    page.get_by_role("radio", name=re.compile("SAS")).check()
    clicked = time.monotonic()
    page.get_by_role("button", name=re.compile("Enregistrer et chercher")).click(no_wait_after=True)
    page.locator("#state-title").wait_for()
    shown = time.monotonic() - clicked
    page.get_by_text(BOOKED).first.wait_for()
    return Seen(shown, time.monotonic() - clicked)


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--requests", type=int, default=20)


if __name__ == "__main__":
    run(__doc__, measure, declare)
