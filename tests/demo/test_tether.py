"""Nothing outlives the process that started it, by the kernel or by the guardian."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dispatcher.demo.guardian import guard
from dispatcher.demo.tether import Tether, kill_group

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 10.0
PARENT = """
import signal, sys, tempfile
from dispatcher.demo.tether import Tether
tether = Tether(by_kernel={by_kernel})
with tempfile.TemporaryFile() as output:
    for _ in range(2):
        print(tether.start([sys.executable, "-c", "import signal; signal.pause()"],
                           output=output).pid, flush=True)
signal.pause()
"""


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_dead(pids: list[int]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(is_alive(pid) for pid in pids)


@pytest.mark.parametrize(
    "by_kernel",
    [
        pytest.param(
            True, marks=pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
        ),
        False,
    ],
)
def test_children_die_with_a_parent_killed_by_kill_9(by_kernel: bool) -> None:  # noqa: FBT001
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(by_kernel=by_kernel)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as parent:
        assert parent.stdout is not None
        children = [int(parent.stdout.readline()) for _ in range(2)]
        assert all(is_alive(child) for child in children)

        parent.kill()

    assert wait_until_dead(children)


def test_without_a_tether_a_child_outlives_its_parent() -> None:
    """The companion: this is what the tether prevents."""
    script = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', "
        "'import signal; signal.pause()'], stdout=subprocess.DEVNULL).pid, flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    orphan = psutil.Process(int(done.stdout))
    try:
        assert is_alive(orphan.pid)
    finally:
        orphan.kill()


def test_the_guardian_leaves_alone_what_it_was_told_to_forget(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as output:
        tether = Tether(by_kernel=False)
        forgotten = tether.start(["sleep", "60"], output=output)
        held = tether.start(["sleep", "60"], output=output)
        tether.forget(forgotten)

        tether.close()

        assert held.wait(PATIENCE) < 0
        assert forgotten.poll() is None
        kill_group(forgotten.pid)
        forgotten.wait(PATIENCE)


def test_the_guardian_keeps_count_of_groups() -> None:
    assert guard(["+12\n", "+13\n", "-12\n", "+14\n", "-99\n"]) == {13, 14}


def test_killing_a_group_that_is_gone_is_no_error(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as output, Tether() as tether:
        process = tether.start(["true"], output=output)
        process.wait(PATIENCE)

    kill_group(process.pid)
