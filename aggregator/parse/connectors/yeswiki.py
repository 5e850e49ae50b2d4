"""YesWiki: RSS of recent changes, and the entries of its forms (bazar) as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, each, text_of
from aggregator.parse.webpage import WebPage

_FORM = re.compile(r"[?&]id(?:typeannonce)?(?:\[\])?=(\d+)|bazar[^\"']{0,80}?\bid=\"?(\d+)")
_TEXTS = ("bf_description", "bf_chapeau", "bf_texte", "bf_presentation")
_PLACES = ("bf_lieu", "bf_adresse", "bf_adresse1", "bf_codepostal", "bf_ville")


def recognises(page: WebPage) -> bool:
    return page.generator.startswith("yeswiki") or "yeswiki" in page.head


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    form = _FORM.search(page.url) or _FORM.search(page.text)
    root = page.url.partition("?")[0]
    if form:
        number = form.group(1) or form.group(2)
        yield Endpoint(urljoin(root, f"?api/forms/{number}/entries"), API)
        yield Endpoint(urljoin(root, f"?BazaR/rss&id={number}"))
    yield Endpoint(urljoin(root, "?DerniersChangementsRSS/xml"), is_comments=True)


def _local(date: object) -> str:
    """YesWiki writes local time with a space."""
    return text_of(date).replace(" ", "T")


def _form_entry(item: JsonObject, url: str) -> ParsedEntry:
    name = text_of(item.get("id_fiche"))
    page = text_of(item.get("url")) or url.partition("?")[0] + "?" + name
    picture = text_of(item.get("imagebf_image"))
    place = [text_of(item.get(part)) for part in _PLACES]
    texts = [text_of(item.get(part)) for part in _TEXTS]
    return entry(
        Found(
            url,
            ids=[name],
            links=[page],
            titles=[escaped(text_of(item.get("bf_titre")))],
            summaries=[text for text in texts if "<" not in text],
            contents=[text for text in texts if "<" in text],
            published=[_local(item.get("date_creation_fiche"))],
            updated=[_local(item.get("date_maj_fiche"))],
            images=[urljoin(url.partition("?")[0], f"files/{picture}")] if picture else [],
            starts=[_local(item.get("bf_date_debut_evenement"))],
            ends=[_local(item.get("bf_date_fin_evenement"))],
            places=[", ".join(dict.fromkeys(part for part in place if part))],
        ),
        language="fr",
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    items = [item for item in each(value) if "id_fiche" in item and "bf_titre" in item]
    if not items:
        return None
    shown = (item for item in items if text_of(item.get("statut_fiche", "1")) != "0")
    return ParsedFeed(
        distinct(_form_entry(item, url) for item in shown), language="fr", format="yeswiki"
    )


CONNECTOR = Connector("yeswiki", recognises, endpoints, read)
