"""What gunicorn serves: `gunicorn web.wsgi:app`, with settings from the environment."""

from __future__ import annotations

from aggregator.parts import open_parts
from aggregator.settings import read_settings
from web.application import create_app

app = create_app(open_parts(read_settings()))
