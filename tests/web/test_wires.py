"""What hubs tell us and the pictures we serve: nothing leaks to third parties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aggregator.parts import Parts
from aggregator.store.tables import Entry, HubLease, Picture, Source
from web import create_app


def test_hub_is_answered_only_for_what_we_asked(visitor: Any, own_parts: Parts) -> None:
    with own_parts.sessions() as session:
        source = session.query(Source).first()
        session.add(
            HubLease(
                source_id=source.id,
                token="jeton",
                secret="secret",
                hub="https://hub.example/",
                topic="https://lilas-a-velo.example/feed",
                state="asked",
                asked_at=own_parts.clock(),
                next_try_at=own_parts.clock(),
            )
        )
        session.commit()
    asked = {
        "hub.mode": "subscribe",
        "hub.topic": "https://lilas-a-velo.example/feed",
        "hub.challenge": "défi",
        "hub.lease_seconds": "86400",
    }
    answer = visitor.client.get("/websub/jeton", query_string=asked)
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "défi")
    assert visitor.client.get("/websub/autre", query_string=asked).status_code == 404
    assert visitor.client.post("/websub/jeton", data=b"<rss/>").status_code == 202
    assert visitor.client.post("/websub/autre", data=b"<rss/>").status_code == 404
    with own_parts.sessions() as session:
        assert session.query(HubLease).one().forged == 1


def test_picture_is_ours_and_only_where_the_group_agreed(
    tmp_path: Path, clock: Any, a_portal: Any, a_visitor: Any
) -> None:
    parts: Parts = a_portal(tmp_path, clock, media_folder=str(tmp_path / "media"))
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "ab.webp").write_bytes(b"RIFF")
    (tmp_path / "secret.txt").write_text("secret")
    with parts.sessions() as session:
        for entry in session.query(Entry).filter(Entry.id.in_((1, 8))):
            entry.image = "https://elsewhere.example/picture.jpg"
            session.add(
                Picture(
                    entry_id=entry.id,
                    url=entry.image,
                    tried_at=clock.now,
                    file="ab.webp",
                    small="ab.webp",
                    width=480,
                    height=320,
                    alt="Un vélo",
                )
            )
        session.commit()
    somebody = a_visitor(create_app(parts), clock)
    html = somebody.get("/entrees/8")
    assert 'src="/media/ab.webp" width="480" height="320" alt="Un vélo"' in html
    assert "<img" not in somebody.get("/entrees/1")
    assert "elsewhere.example" not in somebody.get("/") + html
    assert somebody.status("/media/ab.webp") == 200
    for path in ("/media/../secret.txt", "/media/%2e%2e/secret.txt", "/media/rien.webp"):
        assert somebody.status(path) == 404
