"""Addresses of a list: where it lives, what its path fixes, links with a filter more or less."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from aggregator.search.view import DIMENSION_OF, View

PARAMETERS = {dimension: name for name, dimension in DIMENSION_OF.items()}
"""Dimension → the parameter that filters by it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One list of the portal: its path, the filter in its path, the filters in its query."""

    path: str
    """With the prefix we are mounted under."""
    feed_path: str
    """The same without an ending: `.atom` and friends are added to it."""
    chosen: View
    fixed: tuple[str, str] | None = None
    """The parameter and value that the path itself stands for."""

    @property
    def view(self) -> View:
        """All that chooses entries here, path and query together."""
        return self.chosen.with_value(*self.fixed) if self.fixed else self.chosen

    def url(self, view: View | None = None, *, after: str | None = None) -> str:
        """This list's address with other filters, or with its own."""
        query = (self.chosen if view is None else view).to_args()
        if after:
            query = f"{query}&apres={after}" if query else f"apres={after}"
        return address(self.path, query)

    def feed(self, ending: str) -> str:
        """Where the same entries lie in another format."""
        return address(f"{self.feed_path}.{ending}", self.chosen.to_args())

    def elsewhere(self, path: str, more: str = "") -> str:
        """Another page of ours with the same filters, and `more` of its own."""
        return address(path, "&".join(filter(None, (self.view.to_args(), more))))

    def adding(self, name: str, value: str) -> str:
        """This list with one filter more, from its top."""
        return self.url(self.chosen.with_value(name, value))

    def without(self, name: str, value: str = "") -> str:
        """This list with one filter less."""
        return self.url(self.chosen.without_value(name, value))

    def chosen_pairs(self) -> list[tuple[str, str]]:
        """The filters of the query string, name and value, in its order."""
        pairs = [("q", self.chosen.q)] if self.chosen.q else []
        pairs += [(name, value) for name in DIMENSION_OF for value in getattr(self.chosen, name)]
        dates = (("depuis", self.chosen.depuis), ("jusqua", self.chosen.jusqua))
        return pairs + [(name, value) for name, value in dates if value]

    def kept_pairs(self) -> list[tuple[str, str]]:
        """What a form on this page must send along to keep all that was chosen."""
        shown = (("tri", self.chosen.tri), ("recits", self.chosen.recits))
        return self.chosen_pairs() + [(name, value) for name, value in shown if value]


def address(path: str, query: str) -> str:
    """A path with its query string; a bare path when that is empty."""
    return f"{path}?{query}" if query else path


def here(path: str, feed_path: str, *, fixed: tuple[str, str] | None = None) -> Place:
    """The place of this request: what its query string chooses, at this path."""
    view = View.from_args(request.args)
    if fixed is not None:
        # The path wins: several values of one filter would widen it.
        view = view.without_value(fixed[0])
    root = request.script_root
    return Place(root + path, root + feed_path, view, fixed)
