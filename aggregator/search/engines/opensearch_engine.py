"""The engine for several machines: an OpenSearch cluster. Needs the extra `opensearch`."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from aggregator.errors import BrokenIndex, QueryError, SettingsError, UnwritableIndex
from aggregator.search.engine import (
    Cursor,
    IndexedEntry,
    Order,
    Results,
    Suggestion,
)
from aggregator.search.engines import paging
from aggregator.search.engines.folder import Beside
from aggregator.search.engines.noting import Noting
from aggregator.search.engines.opensearch_query import (
    FORMAT,
    SETTINGS,
    Body,
    document,
    found,
    scored,
)
from aggregator.search.query import (
    Query,
    Word,
)

_MOST_VALUES: Final = 10_000
_LONGEST_PREFIX: Final = 200
"""Longer ones have no word; as a pattern they would be too complex."""
_BATCH: Final = 500
"""Operations in one bulk request, queries in one multi-search."""


class OpenSearchEngine(Noting):
    """An `Engine` over one alias of a cluster."""

    def __init__(self, client: Any, alias: str, index: str | None = None) -> None:
        super().__init__()
        self._client = client
        self._alias = alias
        self._index = index or alias

    # Writing

    def _write(self, entries: Sequence[IndexedEntry], removed: set[int]) -> None:
        """A cluster takes each entry by itself; twice is once."""
        operations: list[int | IndexedEntry] = [*removed, *entries]
        for start in range(0, len(operations), _BATCH):
            self._send(operations[start : start + _BATCH])
        with _told(self._alias):
            self._client.indices.refresh(index=self._index)

    def _send(self, operations: Sequence[int | IndexedEntry]) -> None:
        lines: list[Body] = []
        for operation in operations:
            if isinstance(operation, int):
                lines.append({"delete": {"_id": str(operation)}})
            else:
                lines.extend([{"index": {"_id": str(operation.id)}}, document(operation)])
        with _told(self._alias):
            answer = self._client.bulk(body=lines, index=self._index)
        for item in answer["items"]:
            error = item.get("index", {}).get("error")
            if error:
                raise UnwritableIndex(
                    f"The index {self._alias} did not take an entry: {error.get('reason')}."
                )

    # Reading

    def search(
        self,
        query: Query,
        *,
        limit: int = 20,
        after: Cursor | None = None,
        facets: Sequence[str] = (),
        order: Order = "newest",
        fold: bool = False,
    ) -> Results:
        wanted = found(query)
        body = _first_page(query, wanted, after, order, limit)
        counts = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in facets}
        # One request, so that total, counts and page are of one moment.
        answer = self._ask({**body, "track_total_hits": True, "aggs": counts})
        total = int(answer["hits"]["total"]["value"])
        counted = {name: _largest_first(answer["aggregations"][name]["buckets"]) for name in facets}
        if limit <= 0:
            return Results((), total, counted)
        return paging.page(
            self._ranked(body, answer),
            lambda story: self._members(wanted, story),
            total=total,
            facets=counted,
            limit=limit,
            skip=after.skip if after is not None and order == "relevance" else 0,
            order=order,
            fold=fold,
        )

    def _ranked(self, body: Body, answer: Any) -> Iterator[tuple[int, str | None]]:
        """All from the first page's answer on, in pieces, as far as needed."""
        while hits := answer["hits"]["hits"]:
            for hit in hits:
                fields = hit["fields"]
                yield int(fields["key"][0]), next(iter(fields.get("story", ())), None)
            if len(hits) < body["size"]:
                return
            answer = self._ask({**body, "search_after": hits[-1]["sort"]})

    def _members(self, wanted: Body, story: str) -> list[int]:
        told = {"bool": {"filter": [wanted, {"term": {"story": story}}]}}
        body = {
            "query": told,
            "sort": [{"key": "desc"}],
            "size": 1000,
            "_source": False,
            "docvalue_fields": ["key"],
        }
        return [int(hit["fields"]["key"][0]) for hit in self._ask(body)["hits"]["hits"]]

    def matching(
        self, queries: Mapping[int, Query], among: Sequence[int]
    ) -> Mapping[int, Sequence[int]]:
        if not among:
            return {}
        only = {"ids": {"values": [str(entry) for entry in among]}}
        bodies = [
            {
                "query": {"bool": {"filter": [only, found(query)]}},
                "sort": [{"key": "asc"}],
                "size": len(among),
                "_source": False,
            }
            for query in queries.values()
        ]
        matched: dict[int, Sequence[int]] = {}
        for saved, answer in zip(queries, self._ask_many(bodies), strict=True):
            ids = [int(hit["_id"]) for hit in answer["hits"]["hits"]]
            if ids:
                matched[saved] = ids
        return matched

    def suggest(self, prefix: str, limit: int = 10) -> Sequence[Suggestion]:
        if len(prefix) > _LONGEST_PREFIX:
            return []
        only = {"prefix": {"word": prefix}}
        # OpenSearch 2.19 fails on a pattern beyond the last word: ask first whether there is any.
        if not self._ask({"size": 1, "_source": False, "query": only})["hits"]["hits"]:
            return []
        counted = {
            "terms": {
                "field": "word",
                "include": re.sub(r"([^\w])", r"\\\1", prefix) + ".*",
                "size": limit,
                "shard_size": max(limit, _MOST_VALUES),
                "order": [{"_count": "desc"}, {"_key": "asc"}],
            }
        }
        answer = self._ask({"size": 0, "query": only, "aggs": {"word": counted}})
        buckets = answer["aggregations"]["word"]["buckets"]
        return [Suggestion(bucket["key"], int(bucket["doc_count"])) for bucket in buckets]

    def frequencies(self, terms: Sequence[str]) -> Mapping[str, int]:
        bodies = [
            {"query": found(Word((term,))), "size": 0, "track_total_hits": True} for term in terms
        ]
        answers = self._ask_many(bodies)
        return {
            term: int(answer["hits"]["total"]["value"])
            for term, answer in zip(terms, answers, strict=True)
        }

    def count(self) -> int:
        with _told(self._alias):
            return int(self._client.count(index=self._index)["count"])

    def refresh(self) -> None:
        """A cluster shows what was committed at once; raises BrokenIndex when it is gone."""
        _check(self._client, self._alias)

    def close(self) -> None:
        self._client.close()

    def _ask(self, body: Body) -> Any:
        with _told(self._alias):
            return self._client.search(index=self._index, body=body)

    def _ask_many(self, bodies: Sequence[Body]) -> Iterator[Any]:
        for start in range(0, len(bodies), _BATCH):
            lines = [line for body in bodies[start : start + _BATCH] for line in ({}, body)]
            with _told(self._alias):
                answers = self._client.msearch(body=lines, index=self._index)["responses"]
            for answer in answers:
                if "error" in answer:
                    raise BrokenIndex(
                        f"The index {self._alias} cannot be searched: "
                        f"{answer['error'].get('reason')}: run `filcommun reindex`."
                    )
                yield answer


def open_index(url: str) -> OpenSearchEngine:
    """The engine on a cluster, `opensearch+https://user:password@host:9200/alias`.

    The index is made when there is none. Raises SettingsError, UnwritableIndex when the cluster
    does not answer, BrokenIndex for an index of another version.
    """
    client, alias = _client(url)
    with _told(alias):
        if not client.indices.exists_alias(name=alias):
            index = _create(client, alias)
            client.indices.put_alias(index=index, name=alias)
    _check(client, alias)
    return OpenSearchEngine(client, alias)


def is_made(url: str) -> bool:
    """Whether the cluster has an index by this alias. Raises UnwritableIndex, SettingsError."""
    client, alias = _client(url)
    with _told(alias), closing(client):
        return bool(client.indices.exists_alias(name=alias))


def beside(url: str) -> Beside:
    """A new index on the cluster; switching moves the alias to it in one step."""
    client, alias = _client(url)
    with _told(alias):
        index = _create(client, alias)
    switching, _ = _client(url)

    def switch() -> None:
        with _told(alias):
            _move_alias(switching, alias, index)
        switching.close()

    def drop() -> None:
        with _told(alias):
            switching.indices.delete(index=index)
        switching.close()

    return Beside(OpenSearchEngine(client, alias, index), switch, drop)


def erase(url: str) -> None:
    """Deletes all that we keep on the cluster under this alias."""
    client, alias = _client(url)
    with _told(alias):
        for name in _indexes(client, alias):
            client.indices.delete(index=name)
    client.close()


def _move_alias(client: Any, alias: str, index: str) -> None:
    old = [name for name in _indexes(client, alias) if name != index]
    actions: list[Body] = [{"remove_index": {"index": name}} for name in old]
    client.indices.update_aliases(
        body={"actions": [{"add": {"index": index, "alias": alias}}, *actions]}
    )


def _indexes(client: Any, alias: str) -> list[str]:
    return [
        name for name in client.indices.get(index=f"{alias}-*") if name[len(alias) + 1 :].isdigit()
    ]


def _create(client: Any, alias: str) -> str:
    taken = [int(name[len(alias) + 1 :]) for name in _indexes(client, alias)]
    index = f"{alias}-{max(taken, default=0) + 1:04}"
    client.indices.create(index=index, body=SETTINGS)
    return index


def _check(client: Any, alias: str) -> None:
    with _told(alias):
        mappings = client.indices.get_mapping(index=alias)
    for mapping in mappings.values():
        made = mapping["mappings"].get("_meta", {}).get("filcommun")
        if made != FORMAT:
            raise BrokenIndex(
                f"The index {alias} is of another version ({made}, here {FORMAT}): "
                "run `filcommun reindex`."
            )


def _client(url: str) -> tuple[Any, str]:
    parts = urlsplit(url.removeprefix("opensearch+"))
    alias = parts.path.strip("/")
    if not parts.hostname or not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,80}", alias):
        raise SettingsError(
            "FILCOMMUN_INDEX_URL: write it as opensearch+https://user:password@host:9200/index, "
            "the index in small letters."
        )
    try:
        module = importlib.import_module("opensearchpy")
    except ImportError as error:
        raise SettingsError(
            "FILCOMMUN_INDEX_URL names OpenSearch: install it with `pip install "
            "filcommun[opensearch]`."
        ) from error
    user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    client = module.OpenSearch(
        hosts=[{"host": parts.hostname, "port": parts.port or 9200, "scheme": parts.scheme}],
        http_auth=user,
        use_ssl=parts.scheme == "https",
        timeout=30,
        max_retries=2,
        retry_on_timeout=True,
    )
    return client, alias


@contextmanager
def _told(alias: str) -> Iterator[None]:
    """Errors of the cluster as ours: away or full for now, or not to be used at all."""
    errors = importlib.import_module("opensearchpy.exceptions")
    try:
        yield
    except errors.NotFoundError as error:
        raise BrokenIndex(f"The index {alias} is gone: run `filcommun reindex`.") from error
    except errors.RequestError as error:
        raise BrokenIndex(
            f"The index {alias} cannot be used ({_reason(error)}): run `filcommun reindex`."
        ) from error
    except errors.OpenSearchException as error:
        if "maxClauseCount" in _reason(error):
            raise QueryError("This search has too many words: use fewer.", position=0) from error
        raise UnwritableIndex(
            f"OpenSearch does not answer for the index {alias} ({_reason(error)}): check the "
            "address, the password and the cluster's health; nothing is lost."
        ) from error


def _first_page(query: Query, wanted: Body, after: Cursor | None, order: Order, limit: int) -> Body:
    """The request for a page; the last entry of the page before comes after by date."""
    by_date = order != "relevance"
    direction = "asc" if order == "oldest" else "desc"
    body: Body = {
        "query": {"bool": {"filter": [wanted]}} if by_date else scored(query),
        "sort": [{"key": direction}] if by_date else ["_score", {"key": "desc"}],
        "_source": False,
        "docvalue_fields": ["key", "story"],
        "size": 0 if limit <= 0 else limit + 1 if by_date else max(4 * limit, 100),
    }
    if by_date and after is not None and limit > 0:
        body["search_after"] = [paging.number_of(after)]
    return body


def _largest_first(buckets: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    counts = {str(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _reason(error: Any) -> str:
    """Why a cluster refused, in its own words."""
    told = error.info if isinstance(getattr(error, "info", None), dict) else {}
    causes = told.get("error", {}).get("root_cause") or [{}]
    return str(causes[0].get("reason") or error)[:300]
