"""A portal below a path of its address: every link keeps to it, stripped by the proxy or not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from aggregator.parts import Parts
from web import create_app


@pytest.fixture
def below(tmp_path: Path, clock: Any, a_portal: Any) -> FlaskClient:
    """A reader of https://mairie.example/fil."""
    parts: Parts = a_portal(tmp_path, clock, base_url="https://mairie.example/fil")
    return create_app(parts).test_client()


@pytest.mark.parametrize("prefix", ["", "/fil"], ids=["stripped", "kept"])
def test_every_link_keeps_to_the_path(below: FlaskClient, prefix: str) -> None:
    for path in ("/", "/recherche?q=piste", "/themes/transports", "/carte", "/agenda", "/sante",
                 "/abonnement", "/entrees/1", "/integrer?theme=logement"):  # fmt: skip
        answer = below.get(prefix + path, base_url="https://mairie.example")
        assert answer.status_code == 200, path
        html = answer.get_data(as_text=True)
        outside = re.findall(r'(?:href|src|action)="(/(?!fil[/?"])[^"]*)"', html)
        assert outside == [], path


def test_feed_names_the_public_address(below: FlaskClient) -> None:
    feed = below.get("/fil.atom", base_url="https://mairie.example").get_data(as_text=True)
    assert "https://mairie.example/fil/fil.atom" in feed
    assert "https://mairie.example/fil/entrees/" in feed


def test_cookies_of_a_secure_portal_are_bound_to_it(below: FlaskClient) -> None:
    answer = below.get("/fil/proposer", base_url="https://mairie.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert answer.headers["Strict-Transport-Security"]
