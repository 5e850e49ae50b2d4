"""The API, version 1: the same questions as the pages, answered in JSON. Reads only."""

from web.api.answers import blueprint
from web.api.description import describe

__all__ = ["blueprint", "describe"]
