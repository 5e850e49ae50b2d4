"""Bytes to entries: feeds, pages, calendars, platform connectors. Pure."""
