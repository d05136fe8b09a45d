"""A demonstration with stand-ins for migrations, workers, relay and clock. Run as a script.

The site is a real gunicorn, since its processes are those that are hardest to be rid of.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from dispatcher.demo.supervisor import Cast, demonstrate

ROOT = Path(__file__).resolve().parents[2]
PREPARE = """
import json, os, pathlib
home = pathlib.Path(os.environ["DEMO_DIRECTORY"])
(home / "runs").open("a").write("x")
(home / "contents.json").write_text(json.dumps(
    {"territories": [{"code": "demo-jura", "timezone": "Europe/Paris"}], "accounts": []}))
"""
PREPARE_TOGETHER = """
import os, pathlib, time
clock = pathlib.Path(os.environ["DEMO_DIRECTORY"]) / "clock"
deadline = time.monotonic() + 3
while not clock.exists():
    assert time.monotonic() < deadline, "the clock was not started meanwhile"
    time.sleep(0.01)
"""
FAILING = "raise SystemExit('the migration went wrong')"
WAIT = "import signal; signal.pause()"
CLOCK = (
    "import os, pathlib, signal; "
    "pathlib.Path(os.environ['DEMO_DIRECTORY'], 'clock').touch(); signal.pause()"
)
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"


def app(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    now = datetime.now(UTC).isoformat()
    return [json.dumps({"redis": True, "ticks": {"clock": now}, "pid": os.getpid()}).encode()]


def cast(prepare: str, worker: str, schema: str) -> Cast:
    python = (sys.executable, "-P")
    return Cast(
        preparation=(*python, "-c", prepare),
        players=lambda listener: {
            "web": (
                *(*python, "-m", "gunicorn", "--config", str(ROOT / "config" / "gunicorn.py")),
                *("--bind", f"fd://{listener}", "tests.demo.stage:app"),
            ),
            "worker-1": (*python, "-c", worker),
            "clock": (*python, "-c", CLOCK),
        },
        reserves={"worker-2": (*python, "-c", WAIT)},
        ticking=frozenset({"web", "clock"}),
        schema=schema,
    )


if __name__ == "__main__":
    # as a shell does to what it starts in the background
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    port, data, *options = sys.argv[1:]
    prepare = PREPARE
    if "--failing" in options:
        prepare = FAILING
    elif "--together" in options:
        prepare = PREPARE_TOGETHER
    sys.exit(
        demonstrate(
            port=int(port),
            data=Path(data),
            fresh="--fresh" in options,
            cast=cast(
                prepare,
                DEAF if "--deaf" in options else WAIT,
                "0002" if "--newer" in options else "0001",
            ),
        )
    )
