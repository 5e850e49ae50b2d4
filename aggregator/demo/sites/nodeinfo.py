"""What a federated site says it runs on (NodeInfo, https://nodeinfo.diaspora.software)."""

from __future__ import annotations

from aggregator.demo.sites.site import Site
from aggregator.demo.wire import Answer, Asked, json_answer

_WELL_KNOWN = "/.well-known/nodeinfo"


def nodeinfo(
    site: Site, asked: Asked, *, software: str, release: str, path: str, schema: str = "2.0"
) -> Answer | None:
    """The link to `path`, or the document there; None where something else is asked for."""
    if asked.path == _WELL_KNOWN:
        rel = f"http://nodeinfo.diaspora.software/ns/schema/{schema}"
        return json_answer({"links": [{"rel": rel, "href": site.at(path)}]})
    if asked.path == path:
        return json_answer(
            {
                "version": schema,
                "software": {"name": software, "version": release},
                "protocols": ["activitypub"],
                "openRegistrations": False,
            }
        )
    return None
