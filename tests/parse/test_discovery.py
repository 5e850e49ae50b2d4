"""Where a site publishes, found from one page and ranked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.parse.discovery import candidates, detect_platform

URL = "https://voisins.example/actualites/"
RSS = "application/rss+xml"


def page(head: str = "", body: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def link(href: str, kind: str = RSS, title: str = "", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" href="{href}" title="{title}">'


def test_posts_come_before_comments_and_each_says_why() -> None:
    head = link("/comments/feed/", title="Flux des commentaires") + link("/feed/", title="Flux")
    found = candidates(page(head), URL)
    assert [one.url for one in found] == [
        "https://voisins.example/feed/", "https://voisins.example/comments/feed/",
    ]  # fmt: skip
    assert [one.is_comments for one in found] == [False, True]
    assert [one.rank for one in found] == [0, 1]
    assert found[0].why == "the page declares it in its head"


def test_link_header_comes_first_and_no_address_comes_twice() -> None:
    headers = {"Link": f'</feed>; rel="alternate"; type="{RSS}", </x>; rel="next"'}
    found = candidates(page(link("https://www.voisins.example/feed/")), URL, headers)
    assert [(one.url, one.origin) for one in found] == [("https://voisins.example/feed", "header")]


def test_base_of_the_page_is_heeded() -> None:
    found = candidates(page('<base href="/blog/">' + link("feed.xml")), URL)
    assert found[0].url == "https://voisins.example/blog/feed.xml"


def test_translations_print_pages_and_oembed_are_no_feeds() -> None:
    head = (
        '<link rel="alternate" hreflang="en" href="/en/">'
        + link("/oembed?url=x", "application/json+oembed")
        + link("/wp-json/wp/v2/posts/1", "application/json")
        + link("/style.xml", "text/xml", rel="alternate stylesheet")
    )
    assert {one.origin for one in candidates(page(head), URL)} == {"guess"}


def test_calendar_is_told_from_a_feed() -> None:
    found = candidates(page(link("/agenda", "text/calendar"), '<a href="/a.ics">Agenda</a>'), URL)
    assert [one.kind for one in found] == ["calendar", "calendar"]


def test_anchor_to_a_feed_is_found_where_the_head_is_silent() -> None:
    body = '<a href="/flux.rss">S’abonner au flux RSS</a><a href="https://feedly.com/rss">x</a>'
    found = candidates(page("", body), URL)
    assert [(one.url, one.origin) for one in found] == [
        ("https://voisins.example/flux.rss", "anchor")
    ]


def test_a_few_guesses_only_when_all_else_is_silent() -> None:
    guesses = candidates(page("", "<p>Bonjour</p>"), URL)
    assert {one.origin for one in guesses} == {"guess"}
    assert len(guesses) <= 6
    assert all(one.origin != "guess" for one in candidates(page(link("/f")), URL))


def test_declared_feed_spares_the_platforms_other_addresses() -> None:
    head = '<meta name="generator" content="WordPress 6.8">' + link("/actu/feed/")
    found = candidates(page(head), URL)
    assert [one.url for one in found if one.kind == "feed"] == [
        "https://voisins.example/actu/feed/"
    ]


def test_agenda_offers_its_calendar_before_its_feed() -> None:
    head = '<meta name="generator" content="Mobilizon 5">' + link("/@velo/feed/atom")
    found = candidates(page(head), "https://mobilizon.example/@velo")
    assert [one.url.rpartition("/")[2] for one in found] == ["ics", "atom"]


def test_agenda_in_a_frame_is_found_on_a_page_of_another_platform() -> None:
    frame = '<iframe src="https://openagenda.com/agendas/41148947/embeds/1"></iframe>'
    body = page('<meta name="generator" content="WordPress 6.8">' + link("/feed/"), frame)
    assert detect_platform(body, {}, URL) == "wordpress"
    found = candidates(body, URL)
    assert found[0].url == "https://voisins.example/feed/"
    assert any("openagenda.com/agendas/41148947/events.v2.json" in one.url for one in found)


def test_page_without_platform_has_none() -> None:
    assert detect_platform(page(), {}, URL) is None


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda t: page(t, t)), st.text(max_size=80)
)
def test_any_page_and_header_give_http_addresses(body: bytes, header: str) -> None:
    found = candidates(body, URL, {"link": header, "content-type": header})
    assert all(one.url.startswith(("http://", "https://")) for one in found)
    assert [one.rank for one in found] == list(range(len(found)))


def test_links_made_for_programs_lead_to_what_they_mean_on_the_web() -> None:
    body = '<a href="webcal://voisins.example/agenda.ics">S’abonner</a>'
    body += '<a href="feed:https://voisins.example/rss">Flux RSS</a>'
    found = {(one.url, one.kind) for one in candidates(page("", body), URL)}
    assert found == {
        ("https://voisins.example/agenda.ics", "calendar"),
        ("https://voisins.example/rss", "feed"),
    }
