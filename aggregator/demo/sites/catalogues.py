"""Catalogues of open data, whose entries are data sets: opendatasoft and DCAT `data.json`."""

from __future__ import annotations

from zlib import crc32

from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import Answer, Asked, json_answer, rfc3339, to_html, to_text

_DATASETS = "/api/explore/v2.1/catalog/datasets"


# opendatasoft


def _explore(post: Post) -> str:
    return f"/explore/dataset/{post.slug}/"


def _opendatasoft(site: Site, asked: Asked) -> Answer | None:
    if asked.path.rstrip("/") == _DATASETS:
        return _ods_catalogue(site, asked)
    for post in site.posts:
        if asked.path == f"{_DATASETS}/{post.slug}":
            return json_answer(_ods_dataset(site, post))
        if asked.path == f"{_DATASETS}/{post.slug}/records":
            return json_answer({"total_count": 0, "results": []})
    return None


def _ods_catalogue(site: Site, asked: Asked) -> Answer:
    limit, offset = asked.number("limit", 10, most=100), asked.number("offset", 0)
    page = site.posts[offset : offset + limit]
    answer = json_answer(
        {
            "total_count": len(site.posts),
            "results": [_ods_dataset(site, post) for post in page],
        }
    )
    return Answer(answer.body, answer.type, etag="weak")


def _ods_dataset(site: Site, post: Post) -> dict[str, object]:
    return {
        "visibility": "domain",
        "dataset_id": post.slug,
        "dataset_uid": f"da_{crc32(post.slug.encode()):06x}",
        "has_records": True,
        "features": ["analyze"],
        "attachments": [],
        "fields": [],
        "metas": {
            "default": {
                "title": post.title,
                "description": to_html(post.body),
                "keyword": list(post.tags),
                "theme": [post.tags[0]] if post.tags else [],
                "license": "Licence Ouverte v2.0 (Etalab)",
                "language": post.language,
                "modified": rfc3339(post.updated),
                "data_processed": rfc3339(post.updated),
                "metadata_processed": rfc3339(post.updated),
                "publisher": site.group.name,
                "records_count": 40 + post.number * 317 % 9000,
            },
            "dcat": {"created": rfc3339(post.published), "issued": rfc3339(post.published)},
        },
    }


# DCAT


def _dataset(post: Post) -> str:
    return f"/datasets/{post.slug}"


def _dcat(site: Site, asked: Asked) -> Answer | None:
    if asked.path not in {"/data.json", "/api/feed/dcat-us/1.1.json"}:
        return None
    answer = json_answer(
        {
            "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
            "@type": "dcat:Catalog",
            "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
            "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
            "dataset": [_dcat_dataset(site, post) for post in site.posts],
        }
    )
    return Answer(answer.body, answer.type, etag="strong", changed=site.changed)


def _dcat_dataset(site: Site, post: Post) -> dict[str, object]:
    return {
        "@type": "dcat:Dataset",
        "identifier": site.at(_dataset(post)),
        "landingPage": site.at(_dataset(post)),
        "title": post.title,
        "description": to_text(post.body),
        "keyword": list(post.tags),
        "issued": rfc3339(post.published),
        "modified": rfc3339(post.updated),
        "publisher": {"@type": "org:Organization", "name": site.group.name},
        "contactPoint": {"@type": "vcard:Contact", "fn": post.author},
        "accessLevel": "public",
        "license": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "spatial": "2.2,48.8,2.6,49.0",
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "title": "CSV",
                "format": "CSV",
                "mediaType": "text/csv",
                "accessURL": site.at(_dataset(post)),
            }
        ],
    }


OPENDATASOFT = Platform(
    respond=_opendatasoft,
    link=_explore,
    sources=(f"{_DATASETS}?limit=100",),
    generator="Opendatasoft",
    headers=lambda _site: {"Server": "openresty", "X-RateLimit-Remaining": "9871"},
)
DCAT = Platform(
    respond=_dcat,
    link=_dataset,
    sources=("/data.json",),
    feeds=(Feed("/data.json", "application/json", "Catalogue DCAT"),),
    headers=lambda _site: {"Server": "nginx"},
)
