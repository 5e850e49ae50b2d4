"""Sites without a feed: list pages and sitemaps are watched, and a redesign is told."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from aggregator.store.tables import Entry

WORDS = (
    "Le conseil de quartier se réunit pour parler du jardin partagé et de la rue piétonne. "
    "Les habitantes et les habitants ont proposé douze aménagements que la mairie étudiera. "
)


def article(number: int, head: str = "") -> str:
    return (
        f"<!doctype html><html lang='fr'><head><title>Nouvelle {number}</title>{head}</head><body>"
        f"<main><article><h1>Nouvelle {number}</h1><p>{WORDS * 3}</p><p>{WORDS * 2}</p></article>"
        "</main></body></html>"
    )


def listing(numbers: range, form: str = "article") -> str:
    items = "".join(
        f"<{form} class='actu'><h2><a href='/actu/{n}'>Nouvelle du quartier numéro {n}</a></h2>"
        f"<p>{WORDS}</p><time datetime='2026-11-{n % 20 + 1:02}'>x</time></{form}>"
        for n in numbers
    )
    menu = "".join(f"<li><a href='/rubrique/{n}'>Rubrique {n}</a></li>" for n in range(6))
    return (
        "<!doctype html><html lang='fr'><head><title>Les actus des Lilas</title></head><body>"
        f"<nav><ul>{menu}</ul></nav><main><div class='liste'>{items}</div></main></body></html>"
    )


def grow(site, numbers: range, **options: str) -> str:
    for number in numbers:
        site.says(f"/actu/{number}", article(number), Content_Type="text/html")
    return site.says("/actus", listing(numbers), Content_Type="text/html", **options)


def test_a_list_page_brings_its_articles(session, a_source, a_site, crawled):
    site = a_site()
    source = a_source(url=grow(site, range(5)), format="page")
    assert crawled().entries_new == 5
    entry = session.scalars(select(Entry).where(Entry.uid.endswith("/actu/3"))).one()
    assert entry.title == "Nouvelle du quartier numéro 3"
    assert "jardin partagé" in entry.text
    assert entry.published.isoformat() == "2026-11-03T23:00:00+00:00"  # midnight in Paris
    assert source.state == "ok"
    assert source.title == "Les actus des Lilas"
    assert source.sample["links"] == 5


def test_known_articles_are_not_read_again(a_source, a_site, crawled, clock):
    site = a_site()
    a_source(url=grow(site, range(5)), format="page")
    crawled()
    grow(site, range(6))
    site.asked.clear()
    clock.passes(days=1)
    assert crawled(all_=True).entries_new == 1
    assert [path for path in site.paths() if path.startswith("/actu/")] == ["/actu/5"]


def test_an_unchanged_list_asks_for_nothing_else(a_source, a_site, crawled):
    site = a_site()
    a_source(url=grow(site, range(5)), format="page")
    crawled()
    site.asked.clear()
    assert crawled(all_=True).not_modified == 1
    assert site.paths() == ["/actus"]


def test_many_articles_come_in_several_visits(session, a_source, a_site, crawled, clock):
    site = a_site()
    source = a_source(url=grow(site, range(12)), format="page")
    assert crawled().entries_new == 8
    assert source.next_crawl_at - clock.now == timedelta(minutes=15)
    clock.now = source.next_crawl_at
    assert crawled().entries_new == 4


def test_a_redesign_is_told_and_nothing_is_lost(session, a_source, a_site, crawled, clock):
    site = a_site()
    source = a_source(url=grow(site, range(6)), format="page")
    crawled()
    site.says("/actus", "<!doctype html><html><body><p>Nouveau site bientôt !</p></body></html>")
    clock.passes(days=1)
    crawled(all_=True)
    assert (source.last_reason, source.state) == ("page_changed", "changed")
    assert len(session.scalars(select(Entry)).all()) == 6
    grow(site, range(6))
    clock.passes(days=3)
    crawled(all_=True)
    assert (source.last_reason, source.failures) == (None, 0)


def test_a_redesign_that_keeps_its_articles_is_followed(a_source, a_site, crawled, clock):
    site = a_site()
    source = a_source(url=grow(site, range(6)), format="page")
    crawled()
    before = source.sample["selector"]
    rows = "".join(
        f"<tr><td><h3><a href='/actu/{n}'>Nouvelle du quartier numéro {n}</a></h3></td>"
        f"<td>{WORDS}</td></tr>"
        for n in range(2, 8)
    )
    for number in (6, 7):
        site.says(f"/actu/{number}", article(number), Content_Type="text/html")
    page = f"<!doctype html><html><body><main><table>{rows}</table></main></body></html>"
    site.says("/actus", page, Content_Type="text/html")
    clock.passes(days=1)
    assert crawled(all_=True).entries_new == 2
    assert source.last_reason is None
    assert source.sample["selector"] != before


def test_a_page_without_a_list_is_told(a_source, a_site, crawled):
    site = a_site()
    source = a_source(url=site.says("/", article(1), Content_Type="text/html"), format="page")
    crawled()
    assert (source.last_reason, source.state) == ("no_feed_found", "unfound")


def test_reserved_pages_are_not_read(session, a_source, a_site, crawled):
    site = a_site()
    reserved = a_source("tout", url=grow(site, range(4), tdm_reservation="1"), format="page")
    crawled()
    assert reserved.last_reason == "tdm_reserved"
    other = a_site()
    a_source("un", url=grow(other, range(4)), format="page")
    meta = "<meta name='tdm-reservation' content='1'>"
    other.says("/actu/2", article(2, meta), Content_Type="text/html")
    crawled()
    entries = {entry.uid[-1]: entry for entry in session.scalars(select(Entry))}
    assert entries["2"].text == ""
    assert entries["2"].title == "Nouvelle du quartier numéro 2"
    assert "jardin" in entries["1"].text


def test_robots_hold_for_each_article(session, a_source, a_site, crawled):
    site = a_site()
    site.says("/robots.txt", "User-agent: *\nDisallow: /actu/1")
    a_source(url=grow(site, range(4)), format="page")
    assert crawled().entries_new == 4
    assert "/actu/1" not in site.paths()


def test_a_sitemap_brings_what_changed_of_late(session, a_source, a_site, crawled, now):
    site = a_site()
    for number in range(4):
        site.says(f"/actu/{number}", article(number), Content_Type="text/html")
    pages = "".join(
        f"<url><loc>{site.url(f'/actu/{n}')}</loc><lastmod>{day}</lastmod></url>"
        for n, day in enumerate(("2026-11-20", "2026-11-22", "2020-01-01", "2026-11-23"))
    )
    namespace = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    url = site.says("/plan.xml", f"<urlset {namespace}>{pages}</urlset>")
    a_source(url=url, format="page")
    assert crawled().entries_new == 3
    titles = session.scalars(select(Entry.title).order_by(Entry.id.desc())).all()
    assert titles == ["Nouvelle 3", "Nouvelle 1", "Nouvelle 0"]
