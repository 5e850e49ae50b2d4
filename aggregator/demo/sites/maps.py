"""Maps whose points are entries: GoGoCarto's elements, uMap's layers."""

from __future__ import annotations

import json
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from aggregator.demo.sites import pages
from aggregator.demo.sites.site import Platform, Site
from aggregator.demo.timeline import PARIS, Post
from aggregator.demo.wire import Answer, Asked, json_answer, rfc3339, to_text

_UMAP_VERSION = "3.4.1"


def _place(post: Post) -> tuple[float, float]:
    """Latitude and longitude somewhere in the metropolis, always the same for the same text."""
    spread = crc32(post.slug.encode())
    return round(48.80 + spread % 997 / 997 * 0.14, 5), round(2.26 + spread % 787 / 787 * 0.24, 5)


# GoGoCarto


def _element(post: Post) -> str:
    return f"/annuaire?id={post.number}"


def _gogocarto(site: Site, asked: Asked) -> Answer | None:
    match asked.path:
        case "/api/elements.json":
            answer = json_answer(
                {
                    "licence": "https://opendatacommons.org/licenses/odbl/summary/",
                    "ontology": "gogofull",
                    "data": [_gogo_element(post) for post in site.posts],
                }
            )
            return Answer(answer.body, answer.type, headers={"Access-Control-Allow-Origin": "*"})
        case "/api/project-info.json":
            return json_answer(
                {
                    "name": site.group.name,
                    "url": site.base,
                    "description": site.group.description,
                    "dataSize": len(site.posts),
                }
            )
        # The map itself: its script turns `#/fiche/…` into a place; ours lists them all.
        case "/annuaire" if not asked.raw_query:
            return pages.listing(site, GOGOCARTO, "Tous les lieux")
        case "/api/taxonomy.json":
            return json_answer({"name": "Catégories", "options": [{"id": 1, "name": "Lieu"}]})
        case _:
            return None


def _gogo_element(post: Post) -> dict[str, object]:
    latitude, longitude = _place(post)
    return {
        "id": f"{crc32(post.slug.encode()):x}",
        "name": post.title,
        "geo": {"latitude": latitude, "longitude": longitude},
        "sourceKey": "",
        "address": {
            "addressLocality": post.tags[-1] if post.tags else "",
            "addressCountry": "FR",
        },
        "createdAt": f"{post.published.astimezone(PARIS):%d/%m/%Y}",
        "updatedAt": f"{post.updated.astimezone(PARIS):%d/%m/%Y}",
        "status": 1,
        "categories": list(post.tags[:-1]),
        "categoriesFull": [{"id": 1, "name": tag} for tag in post.tags[:-1]],
        "stamps": [],
        "images": [],
        "description": to_text(post.body),
        "url": _element(post),
    }


# uMap


def _map(slug: str) -> str:
    return f"/fr/map/{slug}_{_map_number(slug)}"


def _map_number(slug: str) -> int:
    return 100_000 + crc32(slug.encode()) % 900_000


def _layer(slug: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"layer {slug}"))


def _umap(site: Site, asked: Asked) -> Answer | None:
    slug = site.group.slug
    options = {"name": site.group.name, "id": _layer(slug), "displayOnLoad": True, "rank": 0}
    if asked.path == f"/fr/datalayer/{_map_number(slug)}/{_layer(slug)}/":
        features = [_feature(post) for post in site.posts]
        layer = {"type": "FeatureCollection", "features": features, "_umap_options": options}
        answer = json_answer(layer, "application/json")
        return Answer(answer.body, answer.type, etag="strong", changed=site.changed)
    if asked.path == f"/fr/map/{_map_number(slug)}/geojson/":
        properties = {"name": site.group.name, "datalayers": [options], "zoom": 13}
        return json_answer({"type": "Feature", "geometry": None, "properties": properties})
    return None


def _feature(post: Post) -> dict[str, object]:
    latitude, longitude = _place(post)
    return {
        "type": "Feature",
        "id": uuid5(NAMESPACE_URL, post.slug).hex[:6],
        "properties": {
            "name": post.title,
            "description": to_text(post.body),
            "date": rfc3339(post.published),
        },
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
    }


def _umap_head(site: Site) -> str:
    slug = site.group.slug
    settings = {
        "properties": {
            "name": site.group.name,
            "datalayers": [{"id": _layer(slug), "name": site.group.name}],
            "umap_id": _map_number(slug),
        }
    }
    text = json.dumps(settings, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script id="umap-settings" type="application/json">{text}</script>'


def umap(slug: str) -> Platform:
    """One map with one layer; its addresses carry its number."""
    return Platform(
        respond=_umap,
        link=lambda post: f"{_map(slug)}?feature={post.slug}",
        sources=(f"/fr/datalayer/{_map_number(slug)}/{_layer(slug)}/",),
        generator=f"uMap {_UMAP_VERSION}",
        headers=lambda _site: {"Server": "nginx"},
        head=_umap_head,
        home=_map(slug),
    )


GOGOCARTO = Platform(
    respond=_gogocarto,
    link=_element,
    sources=("/api/elements.json",),
    generator="GoGoCarto",
    headers=lambda _site: {"Server": "nginx", "X-Powered-By": "PHP/8.1"},
)
