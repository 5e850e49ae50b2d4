"""Peers: other instances and fediverse servers."""
