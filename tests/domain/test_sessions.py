"""How long a session lasts, and what its device is called."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.domain.sessions import device_in_words, is_over

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
WINDOWS, MAC = "(Windows NT 10.0; Win64; x64", "(Macintosh; Intel Mac OS X 10.15"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"


@pytest.mark.parametrize(
    ("began_before", "seen_before", "then"),
    [
        (0, 0, "goes on"),
        (4, 4, "goes on"),
        (5, 4.01, "is over"),
        (11.99, 0, "goes on"),
        (12.01, 0, "is over"),
    ],
)
def test_a_session_ends_after_four_idle_hours_and_after_a_working_day(
    began_before: float, seen_before: float, then: str
) -> None:
    began, seen = (NINE - timedelta(hours=hours) for hours in (began_before, seen_before))
    assert is_over(began, seen, NINE) is (then == "is over")


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"Mozilla/5.0 {WINDOWS}; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox sur Windows"),
        (f"Mozilla/5.0 {WINDOWS}) {CHROME} Safari/537.36", "Chrome sur Windows"),
        (f"Mozilla/5.0 {WINDOWS}) {CHROME} Safari/537.36 Edg/140.0", "Edge sur Windows"),
        (f"Mozilla/5.0 {WINDOWS}) {CHROME} Safari/537.36 OPR/120.0", "Opera sur Windows"),
        (f"Mozilla/5.0 {MAC}) {SAFARI} Safari/605.1.15", "Safari sur Mac"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {SAFARI} Mobile Safari/604.1",
            "Safari sur iPhone",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit FxiOS/145.0 Safari/605",
            "Firefox sur iPad",
        ),
        (f"Mozilla/5.0 (Linux; Android 15; K) {CHROME} Safari/537.36", "Chrome sur Android"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36", "Chrome sur Linux"),
        ("curl/8.5.0", "Navigateur inconnu"),
        ("", "Navigateur inconnu"),
        ("<script>alert(1)</script>" * 100, "Navigateur inconnu"),
    ],
)
def test_a_device_is_told_in_words(user_agent: str, words: str) -> None:
    assert device_in_words(user_agent) == words
