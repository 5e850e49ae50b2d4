"""Entries and groups written in the formats others read. Knows no request and no page."""
