"""The web process: the one file that knows both the front and the bell, which never meet."""

import os

from config.logging import configure
from config.settings import Settings
from dispatcher.api.room import room as api_room
from dispatcher.bootstrap import build
from dispatcher.web.application import create_app
from workers.bell import RqBell

settings = Settings.from_environment(os.environ)
configure(settings.log_level)
app = create_app(build(settings, bell=RqBell(settings.redis_url)), guests=[api_room])
