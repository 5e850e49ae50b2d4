"""Cut articles are read on their own page, and pictures come to us, where that is allowed."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from aggregator.collect import pictures, readings
from aggregator.collect.ingest import ingest
from aggregator.errors import FetchError
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.store.tables import Entry, HostDay, Picture, Reading

LONG = (
    "La mairie de Montreuil ouvre une concertation sur la rénovation des logements sociaux. "
    "Les locataires demandent des travaux d’isolation et une baisse des charges de chauffage. "
) * 5


def page(text: str = LONG, head: str = "") -> str:
    return (
        f"<!doctype html><html lang='fr'><head><title>Réunion</title>{head}</head><body><main>"
        f"<article><h1>Réunion</h1><p>{text}</p></article></main></body></html>"
    )


@pytest.fixture
def an_article(session, a_source, a_site, sessions, settings, clock):
    """Stores one entry whose page is on a site of its own, and reads what is due."""

    def make(rights: str = "excerpt", body: str = page(), status: int = 200, **options):
        site = a_site()
        url = site.says("/article", body, status, Content_Type="text/html")
        source = a_source(rights=rights)
        entry = ParsedEntry(uid="1", url=url, title="Réunion", summary="La mairie ouvre […]")
        ingest(session, source, ParsedFeed((entry,)), now=clock.now)
        for name, value in options.items():
            setattr(source.group, name, value)
        session.commit()
        return site

    make.read = lambda: readings.read_due(sessions, settings, clock)
    return make


def the_entry(session) -> Entry:
    session.expire_all()
    return session.scalars(select(Entry)).one()


def test_a_cut_article_is_read_for_index_and_tags_and_shown_no_further(session, an_article):
    an_article()
    assert an_article.read() == 1
    entry = the_entry(session)
    assert "isolation" in entry.text
    assert entry.summary == "La mairie ouvre […]"
    assert entry.content == ""
    assert entry.indexed_at is None
    tags = {(tag.dimension, tag.slug) for tag in entry.tags}
    assert {("topic", "logement"), ("area", "montreuil")} <= tags
    assert an_article.read() == 0
    assert session.scalars(select(Reading)).one().reason is None
    assert session.scalars(select(HostDay)).one().requests == 3


def test_the_press_is_only_linked_to(session, an_article):
    site = an_article(rights="link")
    assert an_article.read() == 0
    assert site.asked == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"body": page("trop court")}, "no_article"),
        ({"status": 404}, "not_found"),
        ({"body": page(head="<meta name='tdm-reservation' content='1'>")}, "tdm_reserved"),
    ],
)
def test_why_a_page_brought_nothing_is_kept(session, an_article, options, reason):
    an_article(**options)
    assert an_article.read() == 1
    assert an_article.read() == 0
    assert session.scalars(select(Reading)).one().reason == reason
    assert the_entry(session).text == "La mairie ouvre […]"


def test_robots_are_obeyed(session, an_article):
    site = an_article()
    site.says("/robots.txt", "User-agent: *\nDisallow: /")
    an_article.read()
    assert session.scalars(select(Reading)).one().reason == "robots"
    assert "/article" not in site.paths()


def test_a_group_that_takes_part_is_read_despite_a_reservation(session, an_article):
    head = "<meta name='tdm-reservation' content='1'>"
    an_article(body=page(head=head), status=200)
    the_entry(session).source.group.status = "participating"
    session.commit()
    an_article.read()
    assert "isolation" in the_entry(session).text


def test_an_edited_entry_is_read_again(session, an_article, clock):
    site = an_article()
    an_article.read()
    source = the_entry(session).source
    edited = ParsedEntry(uid="1", url=site.url("/article"), title="Réunion", summary="Changé […]")
    ingest(session, source, ParsedFeed((edited,)), now=clock.now)
    session.commit()
    assert the_entry(session).text == "Changé […]"
    assert an_article.read() == 1
    assert "isolation" in the_entry(session).text


def test_what_a_killed_worker_claimed_is_taken_up_again(session, an_article, clock):
    an_article()
    entry = the_entry(session)
    session.add(Reading(entry_id=entry.id, at=clock.now, reason="claimed"))
    session.commit()
    assert an_article.read() == 0
    clock.passes(hours=2)
    assert an_article.read() == 1


def drawn(width=800, height=600, form="JPEG", mode="RGB", **options) -> bytes:
    out = io.BytesIO()
    picture = Image.new(mode, (width, height), "green" if mode == "RGB" else (0, 200, 0, 60))
    picture.save(out, form, **options)
    return out.getvalue()


@pytest.fixture
def a_picture(session, a_source, a_site, sessions, settings, clock):
    """Stores one entry with a lead picture, and fetches what is due."""

    def make(body: bytes = b"", rights: str = "full", **headers: str):
        site = a_site()
        url = site.says("/photo.jpg", body or drawn(), **headers)
        content = f'<p><img src="{url}" alt="Le jardin des Lilas"></p>'
        entry = ParsedEntry(uid="1", url=None, title="Jardin", content=content, image=url)
        ingest(session, a_source(rights=rights), ParsedFeed((entry,)), now=clock.now)
        session.commit()
        return site

    make.fetch = lambda: pictures.fetch_due(sessions, settings, clock)
    return make


def the_picture(session) -> Picture:
    session.expire_all()
    return session.scalars(select(Picture)).one()


def test_a_picture_is_fetched_encoded_anew_and_served_in_two_sizes(session, a_picture, settings):
    site = a_picture(drawn(3000, 2000))
    assert a_picture.fetch() == 1
    row = the_picture(session)
    assert (row.width, row.height, row.alt) == (1200, 800, "Le jardin des Lilas")
    with Image.open(settings.media_folder / row.file) as large:
        assert (large.format, large.size) == ("WEBP", (1200, 800))
    with Image.open(settings.media_folder / row.small) as small:
        assert small.size == (480, 320)
    assert a_picture.fetch() == 0
    assert site.paths().count("/photo.jpg") == 1


@pytest.mark.parametrize("rights", ["link", "excerpt"])
def test_a_picture_that_may_not_be_shown_is_not_fetched(a_picture, rights):
    site = a_picture(rights=rights)
    assert a_picture.fetch() == 0
    assert site.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html>",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
        drawn(1, 1, "GIF"),
        drawn(900, 60),
        drawn(8000, 8000, "PNG"),
        drawn()[:500],
    ],
)
def test_what_is_no_picture_to_show_is_refused_with_a_reason(session, a_picture, body):
    a_picture(body)
    a_picture.fetch()
    row = the_picture(session)
    assert (row.reason, row.file) == ("not_a_picture", None)


def test_what_a_picture_hides_does_not_reach_readers():
    exif = Image.Exif()
    exif[0x010F] = "Appareil secret"
    exif[0x0112] = 6  # to be turned by 90°
    encoded = pictures.encode(drawn(400, 300, exif=exif))
    assert b"secret" not in encoded.large
    assert (encoded.width, encoded.height) == (300, 400)


def test_transparent_pictures_stand_on_white():
    encoded = pictures.encode(drawn(200, 200, "PNG", "RGBA"))
    with Image.open(io.BytesIO(encoded.large)) as picture:
        assert picture.mode == "RGB"
        assert min(picture.getpixel((100, 100))) > 150


@given(st.binary(max_size=400))
def test_any_bytes_are_a_picture_or_refused(body):
    with pytest.raises(FetchError):
        pictures.encode(body)


def test_files_of_entries_that_are_gone_are_deleted(session, a_picture, settings, clock):
    a_picture()
    a_picture.fetch()
    file = settings.media_folder / the_picture(session).file
    assert pictures.sweep(session, settings) == 0
    the_entry(session).deleted_at = clock.now
    session.flush()
    assert pictures.sweep(session, settings) == 2
    assert not file.exists()


def test_a_site_that_wants_no_pictures_taken_is_obeyed(session, a_picture):
    a_picture(X_Robots_Tag="noimageindex")
    a_picture.fetch()
    assert the_picture(session).reason == "robots"


def test_old_pictures_are_left(session, a_picture, clock):
    a_picture()
    clock.passes(days=31)
    assert a_picture.fetch() == 0
    assert clock.now - the_entry(session).first_seen_at > timedelta(days=30)
