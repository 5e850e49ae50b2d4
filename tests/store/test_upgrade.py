"""Every earlier version of the database comes to this one with all that was in it."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table

from aggregator.cli.run import run
from aggregator.errors import DatabaseError
from aggregator.settings import read_settings
from aggregator.store import database
from aggregator.store.tables import Base

SCRIPTS = ScriptDirectory.from_config(database._config())
VERSIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
RELEASED = "0012"
"""The version of the first release: what comes later must work beside the release before it."""

Rows = dict[str, list[dict[str, Any]]]


def step(engine: Engine, version: str) -> None:
    config = database._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def tables(engine: Engine) -> Sequence[Table]:
    """As the database has them, those that others refer to first."""
    reflected = MetaData()
    reflected.reflect(engine)
    return [table for table in reflected.sorted_tables if table.name != "alembic_version"]


def a_row(table: Table, number: int) -> dict[str, Any]:
    """A value in every column; references lead to the row of the same number."""
    return {column.name: a_value(column, number) for column in table.columns}


def a_value(column: sa.Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, sa.JSON):
        return {"number": number, "mot": "métropole"}
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.DateTime):
        at = datetime(2026, 1, number, 12, tzinfo=UTC)
        return at if getattr(kind, "timezone", False) else at.replace(tzinfo=None)
    if isinstance(kind, sa.Date):
        return date(2026, 1, number)
    if isinstance(kind, sa.Float):
        return number + 0.5
    assert isinstance(kind, sa.String), f"{column} is {kind!r}"
    return f"{number} été {column.name}"[: kind.length or 100]


def rows(engine: Engine) -> Rows:
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (dict(row) for row in connection.execute(sa.select(table)).mappings()), key=str
            )
            for table in tables(engine)
        }


def fill(engine: Engine, only: Sequence[Table], number: int) -> None:
    with engine.begin() as connection:
        for table in only:
            connection.execute(table.insert().values(a_row(table, number)))


def lost(before: Rows, after: Rows) -> Iterator[str]:
    """What was there and is not as it was; new columns do not count."""
    for name, old in before.items():
        kept = [{key: row.get(key) for key in old[0]} for row in after.get(name, [])] if old else []
        for row in old:
            if row not in kept:
                yield f"{name}: {row}"


@pytest.mark.slow
def test_step_by_step_nothing_is_lost_and_the_release_before_can_still_write(
    database_url: str, tmp_path: Path
) -> None:
    engine = database.open_database(database_url)
    known: Sequence[Table] = []
    for number, version in enumerate(VERSIONS, start=1):
        before = rows(engine)
        step(engine, version)
        assert list(lost(before, rows(engine))) == [], version
        # What a program of the version before would write, with the columns that it knows.
        fill(engine, known, number)
        names = {table.name for table in known}
        known = tables(engine)
        for earlier in range(1, number + 1):
            fill(engine, [table for table in known if table.name not in names], earlier)
        if engine.dialect.name == "sqlite":
            engine.dispose()
            shutil.copy(database_url.removeprefix("sqlite:///"), tmp_path / f"at-{version}.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    with database.sessions(engine)() as session:
        for mapper in Base.registry.mappers:
            assert len(session.scalars(sa.select(mapper.class_)).all()) == len(VERSIONS)
    engine.dispose()
    for version in VERSIONS if engine.dialect.name == "sqlite" else []:
        # At once, as `run` does it.
        old = database.open_database(f"sqlite:///{tmp_path}/at-{version}.db")
        before = rows(old)
        assert all(before.values())
        database.upgrade(old)
        assert list(lost(before, rows(old))) == [], version
        old.dispose()


def test_run_refuses_a_newer_database_in_a_sentence(migrated: Path, tmp_path: Path) -> None:
    shutil.copy(migrated, tmp_path / "newer.db")
    engine = database.open_database(f"sqlite:///{tmp_path}/newer.db")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    (tmp_path / "sources.yaml").write_text("version: 1\ngroups: []\n")
    settings = read_settings(
        database_url=f"sqlite:///{tmp_path}/newer.db",
        secret_key="-" * 32,
        sources_file=tmp_path / "sources.yaml",
        _env_file=None,
    )
    with pytest.raises(DatabaseError, match=r"newer Fil commun. Install that version, or restore"):
        run(settings)
    engine.dispose()


UNSAFE = {
    "drop_table",
    "drop_column",
    "drop_constraint",
    "rename_table",
    "create_unique_constraint",
    "create_check_constraint",
}


def unsafe(script: str) -> list[str]:
    """What in a migration's `upgrade` the release before cannot live with (docs/contributing.md).

    A migration that contracts says so: `contracts = "unused since 1.2"`.
    """
    tree = ast.parse(script)
    if any(
        isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "contracts"
        for node in tree.body
    ):
        return []
    (upgrade,) = (
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    calls = [node for node in ast.walk(upgrade) if isinstance(node, ast.Call)]
    found = [name(call) for call in calls if name(call) in UNSAFE]
    for call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if name(call) == "alter_column" and (
            given.keys() & {"new_column_name", "type_"} or given.get("nullable") == "False"
        ):
            found.append("alter_column")
        if name(call) == "add_column" and "nullable=False" in ast.unparse(call):
            found += [] if "server_default" in ast.unparse(call) else ["add_column without default"]
    return found


def name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def test_migrations_since_the_first_release_expand_or_say_that_they_contract() -> None:
    later = VERSIONS[VERSIONS.index(RELEASED) + 1 :]
    found = {
        version: unsafe(Path(SCRIPTS.get_revision(version).path).read_text()) for version in later
    }
    assert {version: faults for version, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("done", "fault"),
    [
        ("op.drop_column('entries', 'author')", ["drop_column"]),
        ("op.alter_column('entries', 'author', new_column_name='by')", ["alter_column"]),
        ("op.alter_column('entries', 'author', nullable=False)", ["alter_column"]),
        ("op.add_column('a', sa.Column('b', nullable=False))", ["add_column without default"]),
        ("op.add_column('a', sa.Column('b', nullable=False, server_default=''))", []),
        ("op.create_table('a', sa.Column('b', nullable=False))", []),
        ("op.alter_column('entries', 'author', nullable=True)", []),
    ],
)
def test_what_the_release_before_cannot_live_with_is_seen(done: str, fault: list[str]) -> None:
    script = f"def upgrade():\n    {done}\n"
    assert unsafe(script) == fault
    assert unsafe(f"contracts = 'unused since 1.2'\n{script}") == []
