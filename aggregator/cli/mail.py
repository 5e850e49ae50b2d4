"""`filcommun mail`: what was sent and why, statistics without following anyone, returned mail."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import Any

import click
from sqlalchemy.orm import Session

from aggregator import jobs
from aggregator.mail import bounces
from aggregator.parts import Parts, open_parts
from aggregator.settings import read_settings
from aggregator.store import outbox, subscribers
from aggregator.store.tables import Issue, Letter


@click.group("mail")
def command() -> None:
    """The outbox: what was sent, what waits, what came back."""


@command.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--failed", is_flag=True, help="only what could not be sent")
@click.option("--why", is_flag=True, help="with the entries that a letter told, and why")
@click.option("--json", "as_json", is_flag=True, help="as a JSON list")
def sent(limit: int, failed: bool, why: bool, as_json: bool) -> None:
    """List letters, the newest first, and what became of them."""
    with closing(open_parts(read_settings())) as parts, parts.sessions() as session:
        letters = outbox.newest(session, limit=limit, failed=failed)
        told = [_told(session, letter, why=why) for letter in letters]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for row in told:
            click.echo(f"{row['at']}  {row['state']:8}  {row['kind']:22}  {row['address']}")
            if row["error"]:
                click.echo(f"    {row['error']}")
            for entry in row.get("entries", []):
                click.echo(f"    entry {entry['id']}  {entry['why']}")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="as one JSON object")
def stats(as_json: bool) -> None:
    """Count subscriptions by rhythm and letters by state. Nobody's reading is followed."""
    with closing(open_parts(read_settings())) as parts, parts.sessions() as session:
        counts = {**subscribers.counts(session), **outbox.counts(session)}
    if as_json:
        click.echo(json.dumps(counts))
    else:
        for name, count in counts.items():
            click.echo(f"{count:8}  {name}")


@command.command()
def bounce() -> None:
    """Read one returned mail from standard input."""
    body = sys.stdin.buffer.read(2_000_000)
    with closing(open_parts(read_settings())) as parts, parts.sessions.begin() as session:
        bounced = bounces.take(session, body, settings=parts.settings, now=parts.clock())
    # Never a failure for what is about no letter: the mail server would send it back again.
    if bounced is None:
        click.echo("It is about no letter of ours.")
    else:
        click.echo(f"{bounced.address}: {bounced.outcome} ({bounced.detail})")


def send_waiting(parts: Parts) -> None:
    """Send the letters that wait, and say what became of them."""
    report = jobs.outbox(parts)
    if report is None:
        click.echo("No mail server is set (FILCOMMUN_SMTP_URL): letters wait.", err=True)
        return
    click.echo(
        f"Letters: {report.sent} sent, {report.postponed} to be tried again, "
        f"{report.failed} failed.",
        err=True,
    )
    if report.stopped:
        click.echo(f"The others wait: {report.stopped}", err=True)


def _told(session: Session, letter: Letter, *, why: bool) -> dict[str, Any]:
    state = "sent" if letter.sent_at else "failed" if letter.failed_at else "waiting"
    row: dict[str, Any] = {
        "id": letter.id,
        "at": (letter.sent_at or letter.created_at).isoformat(timespec="seconds"),
        "state": state,
        "kind": letter.kind,
        "address": letter.address,
        "tries": letter.tries,
        "error": letter.last_error,
    }
    if why and letter.issue_id is not None:
        issue = session.get(Issue, letter.issue_id)
        row["entries"] = issue.entries if issue is not None else []
    return row
