"""What the program imports is named in pyproject.toml, and what is named there is used."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOLD = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = {"aggregator", "web", "tests", "bench", "_typeshed"}
NOT_IMPORTED = {
    "cssselect",  # by lxml, for its selectors
    "gunicorn",  # run, not imported
    "psycopg",  # by SQLAlchemy, as the address says
}


def named(requirements: list[object]) -> set[str]:
    return {
        re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", one, maxsplit=1)[0]).lower()
        for one in requirements
        if isinstance(one, str)
    }


def imported(*folders: str) -> set[str]:
    """The distributions whose modules are imported below these folders."""
    providers = packages_distributions()
    tops = {name.partition(".")[0] for folder in folders for name in modules(ROOT / folder)}
    return {
        re.sub(r"[-_.]+", "-", provider).lower()
        for top in tops - OURS - sys.stdlib_module_names
        for provider in providers.get(top, ())
    }


def modules(folder: Path) -> Iterator[str]:
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module


RUN = named(TOLD["project"]["dependencies"])
EXTRA = named(TOLD["project"]["optional-dependencies"]["opensearch"])


def test_everything_the_program_imports_is_named() -> None:
    assert sorted(imported("aggregator", "web") - RUN - EXTRA) == []


def test_everything_that_is_named_is_used() -> None:
    assert sorted(RUN - imported("aggregator", "web") - NOT_IMPORTED) == []


@pytest.mark.parametrize("folder", ["tests", "bench"])
def test_everything_that_tests_and_benches_import_is_named(folder: str) -> None:
    dev = named(TOLD["dependency-groups"]["dev"])
    assert sorted(imported(folder) - RUN - EXTRA - dev) == []
