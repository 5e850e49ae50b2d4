"""The portal: pages, forms, feeds and the API. Asks the rooms below once, renders once."""

from web.application import create_app

__all__ = ["create_app"]
