"""How gunicorn serves the site. It reads PORT and WEB_CONCURRENCY (processes) by itself."""

import gc
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from config.logging import configure


class JsonLogger(Logger):
    """Gunicorn's own lines, written as all others are."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's Config
        super().setup(cfg)
        configure(cfg.loglevel.upper())


logger_class = JsonLogger


def settle() -> None:
    """Take what is loaded for good out of what the garbage collector goes through.

    A full collection otherwise walks every module, model and template: some 150 ms in which a
    regulator waits (P14).
    """
    gc.collect()
    gc.freeze()


def post_worker_init(_worker: object) -> None:
    """Called by gunicorn once a process has loaded the application."""
    settle()


worker_class = "gthread"
threads = 16
backlog = 1024

# A request that takes longer than this has failed; what waits for the provider is work for a job.
timeout = 30
# Shorter than what platforms wait between SIGTERM and SIGKILL, ./snp demo included.
graceful_timeout = 6
# Longer than the proxy's own, so that it never writes to a connection that we are closing.
keepalive = 75

# In memory where there is such a folder: on a slow disk the sign of life itself would be late.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# Processes are renewed now and then, not all at once.
max_requests = 20_000
max_requests_jitter = 2_000

# The application logs each request itself, with its id and without its query string.
accesslog = None
errorlog = "-"
loglevel = "info"

# A socket for commands to a running gunicorn: nobody gives any, and two servers would fight for it.
control_socket_disable = True
