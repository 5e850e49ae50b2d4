"""What gunicorn serves: `gunicorn web.wsgi:app`, with settings from the environment."""

from __future__ import annotations

from aggregator import logs
from aggregator.parts import open_parts
from aggregator.settings import read_settings
from web.application import create_app

settings = read_settings()
logs.configure(settings.log_level)
app = create_app(open_parts(settings))
