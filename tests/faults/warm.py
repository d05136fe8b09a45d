"""What a worker has loaded once it works, for the process that workers are forked from."""

import dispatcher.gateways.twilio  # noqa: F401
import workers.clock
import workers.main
import workers.relay  # noqa: F401
from dispatcher.bootstrap import build
from dispatcher.domain.matching.solver import load_solver
from tests.houses import settings_for

build(
    settings_for("sqlite:///nowhere.sqlite3")
).db.dispose()  # communes, catalogue and texts are read once
load_solver()
