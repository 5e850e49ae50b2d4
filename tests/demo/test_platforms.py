"""Each platform answers at its own paths, as that platform does."""

from __future__ import annotations

import io
import json
import wave
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import icalendar
import pytest

from aggregator.demo.village import Village
from aggregator.parse import discovery, feeds
from aggregator.parse.connecting import all_connectors
from aggregator.parse.entries import ParsedFeed
from aggregator.registry import inventory
from aggregator.registry.listing import ListedGroup

Ask = Callable[..., Any]

FEEDS = {
    "toits-pour-toutes": ("/feed/", "rss20"),
    "plaine-a-vivre": ("/spip.php?page=backend", "rss20"),
    "maison-des-solidarites-vitry": ("/rss.xml", "rss20"),
    "velos-de-l-est": ("/feed.xml", "atom10"),
    "atelier-du-commun-ivry": ("/feed.json", "json11"),
    "memoires-du-petit-nanterre": ("/feed.php", "rss10"),
    "forum-des-quartiers": ("/latest.rss", "rss20"),
    "jardins-de-la-bievre": ("/@jardins_de_la_bievre/feed/atom", "atom10"),
    "l-affiche-du-bas": ("/feed/rss", "rss20"),
    "semeurs-du-93": ("/?BazaR/rss&id=2", "rss20"),
    "wiki-du-kremlin": ("/api.php?action=feedrecentchanges&feedformat=rss", "rss20"),
    "tele-passerelle": ("/feeds/videos.xml?videoChannelId=2", "rss20"),
    "radio-des-gresillons": ("/podcast.xml", "rss20"),
    "villejuif-decide": ("/processes/budget-participatif/f/3/posts.rss", "rss20"),
    "compagnie-du-trottoir": ("/blog/flux-des-nouvelles.atom", "atom10"),
    "comite-des-fetes-de-boissy": ("/actus.rss", "rss20"),
    "les-rigoles-de-sevran": ("/feed/", "rss20"),
    "le-pigeon-voyageur": ("/@le_pigeon_voyageur.rss", "rss20"),
    "assemblee-des-locaux-partages": (None, "atom10"),
    "reseau-des-possibles": ("/api/news/get/key/reseau_des_possibles/format/rss", "rss20"),
    "videos-des-larris": (None, "atom10"),
}
CALENDARS = {
    "jardins-de-la-bievre": "/@jardins_de_la_bievre/feed/ics",
    "l-affiche-du-bas": "/feed/ics",
    "repair-cafe-des-lilas": "/remote.php/dav/public-calendars/agenda?export",
    "villejuif-decide": "/meetings/calendar",
}


# Groups whose JSON a connector reads, its name, and the least number of entries.
CATALOGUES = {
    "chiffres-en-partage": ("opendatasoft", 5),
    "plans-ouverts": ("dcat", 4),
    "carte-des-reparables": ("gogocarto", 5),
    "ombre-et-eau": ("umap", 4),
    "rendez-vous-des-mordacs": ("openagenda", 10),
    "reseau-des-possibles": ("communecter", 1),
}
# Platforms that discovery knows by their marks, not by their host.
MARKED = {
    "toits-pour-toutes": "wordpress",
    "plaine-a-vivre": "spip",
    "maison-des-solidarites-vitry": "drupal",
    "forum-des-quartiers": "discourse",
    "jardins-de-la-bievre": "mobilizon",
    "l-affiche-du-bas": "gancio",
    "semeurs-du-93": "yeswiki",
    "wiki-du-kremlin": "mediawiki",
    "tele-passerelle": "peertube",
    "villejuif-decide": "decidim",
    "chiffres-en-partage": "opendatasoft",
    "plans-ouverts": "dcat",
    "carte-des-reparables": "gogocarto",
    "le-pigeon-voyageur": "mastodon",
    "assemblee-des-locaux-partages": "loomio",
    "reseau-des-possibles": "communecter",
    "ombre-et-eau": "umap",
}


def listed(demo: Village, slug: str) -> ListedGroup:
    groups = inventory.read(demo.sources_yaml()).groups
    return next(group for group in groups if group.slug == slug)


def sources(demo: Village, slug: str) -> list[str]:
    return [source.url for source in listed(demo, slug).sources]


def parsed(answer: Any, url: str) -> ParsedFeed:
    assert answer.status == 200
    return feeds.parse(answer.body, url, answer.headers["Content-Type"])


@pytest.mark.parametrize("slug", FEEDS)
def test_a_feed_is_of_its_format_and_its_entries_have_pages(
    demo: Village, ask: Ask, slug: str
) -> None:
    path, form = FEEDS[slug]
    url = demo.address(slug) + path if path else sources(demo, slug)[0]
    feed = parsed(ask(url), url)
    assert feed.format == form
    assert len(feed.entries) >= 3
    assert len({entry.uid for entry in feed.entries}) == len(feed.entries)
    for entry in feed.entries:
        assert entry.published or entry.updated
        assert entry.url
        page = ask(entry.url)
        assert page.status == 200
        assert 'class="entry-title"' in page.text


@pytest.mark.parametrize("slug", FEEDS)
def test_a_home_page_announces_its_feed_and_its_platform(
    demo: Village, ask: Ask, slug: str
) -> None:
    page = ask(demo.address(slug) + "/").text
    assert 'rel="alternate"' in page
    assert "id=contact" in page


@pytest.mark.parametrize("slug", CATALOGUES)
def test_a_connector_reads_the_json_and_its_entries_have_pages(
    demo: Village, clock: Any, ask: Ask, slug: str
) -> None:
    name, least = CATALOGUES[slug]
    url = sources(demo, slug)[-1]
    connector = next(one for one in all_connectors() if one.name == name)
    assert connector.read
    feed = connector.read(json.loads(ask(url).body), url, clock.now)
    assert feed
    assert len(feed.entries) >= least
    for entry in feed.entries:
        assert entry.title
        assert entry.url is None or ask(entry.url).status == 200


@pytest.mark.parametrize("slug", MARKED)
def test_discovery_knows_the_platform_from_the_home_page(
    demo: Village, ask: Ask, slug: str
) -> None:
    home = listed(demo, slug).home
    assert home
    page = ask(home)
    assert page.status == 200
    headers = dict(page.headers.items())
    assert discovery.detect_platform(page.body, headers, home) == MARKED[slug]


def test_the_hidden_feed_is_found_from_the_home_page(demo: Village, ask: Ask) -> None:
    home = demo.address("compagnie-du-trottoir") + "/"
    found = discovery.candidates(ask(home).body, home, {})
    assert found[0].url == home + "blog/flux-des-nouvelles.atom"


def test_an_events_page_says_so_for_machines_too(demo: Village, ask: Ask) -> None:
    url = demo.address("forum-des-quartiers") + "/latest.rss"
    entry = next(e for e in parsed(ask(url), url).entries if "Rencontre" in e.title)
    said = ask(entry.url).text.partition('ld+json">')[2].partition("</script>")[0]
    assert json.loads(said)["@type"] == "Event"
    assert json.loads(said)["startDate"].endswith(("+01:00", "+02:00"))


def test_new_entries_arrive_while_it_runs(demo: Village, clock: Any, ask: Ask) -> None:
    url = demo.address("plaine-a-vivre") + "/spip.php?page=backend"
    before = parsed(ask(url), url)
    clock.turn(3600)
    after = parsed(ask(url), url)
    assert {entry.uid for entry in before.entries} < {entry.uid for entry in after.entries}


def test_an_edited_entry_keeps_its_uid_and_a_deleted_one_vanishes(
    demo: Village, clock: Any, ask: Ask
) -> None:
    url = demo.address("atelier-du-commun-ivry") + "/feed.json"
    clock.turn(1200)
    first = {entry.uid: entry.title for entry in parsed(ask(url), url).entries}
    posts = demo.address("toits-pour-toutes") + "/feed/"
    clock.turn(7200)
    later = {entry.uid: entry.title for entry in parsed(ask(url), url).entries}
    assert set(first) <= set(later)
    assert any("corrigé" in title for title in later.values())
    titles = [entry.title for entry in parsed(ask(posts), posts).entries]
    assert "Compte rendu de l’assemblée des locataires" not in titles


@pytest.mark.parametrize("slug", CALENDARS)
def test_a_calendar_holds_events_with_their_time_and_place(
    demo: Village, ask: Ask, slug: str
) -> None:
    answer = ask(demo.address(slug) + CALENDARS[slug])
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in answer.body.split(b"\r\n"))
    events = icalendar.Calendar.from_ical(answer.body).walk("VEVENT")
    assert events
    for event in events:
        assert event.decoded("dtstart").tzinfo
        assert event.decoded("dtend") > event.decoded("dtstart")
        assert event["LOCATION"]
        assert ask(str(event["URL"])).status == 200


def test_the_shared_calendar_holds_events_that_repeat(demo: Village, ask: Ask) -> None:
    answer = ask(demo.address("repair-cafe-des-lilas") + CALENDARS["repair-cafe-des-lilas"])
    rules = [
        event["RRULE"].to_ical().decode()
        for event in icalendar.Calendar.from_ical(answer.body).walk("VEVENT")
        if "RRULE" in event
    ]
    assert "FREQ=MONTHLY" in rules


def test_wordpress_names_its_api_and_answers_there(demo: Village, ask: Ask) -> None:
    base = demo.address("toits-pour-toutes")
    link = ask(base + "/").headers["Link"]
    assert link == f'<{base}/wp-json/>; rel="https://api.w.org/"'
    posts = ask(f"{base}/wp-json/wp/v2/posts?per_page=3")
    assert int(posts.headers["X-WP-Total"]) > 3
    assert len(json.loads(posts.body)) == 3
    assert ask(f"{base}/wp-json/wp/v2/posts?per_page=beaucoup&page=-1").status == 200
    short = ask(json.loads(posts.body)[0]["guid"]["rendered"])
    assert (short.status, short.headers["Location"]) == (301, json.loads(posts.body)[0]["link"])
    comments = parsed(ask(base + "/comments/feed/"), base + "/comments/feed/")
    assert comments.entries == ()
    assert parsed(ask(base + "/feed/atom/"), base + "/feed/atom/").format == "atom10"


def test_spip_says_who_composed_it(demo: Village, ask: Ask) -> None:
    headers = ask(demo.address("plaine-a-vivre") + "/").headers
    assert headers["Composed-By"].startswith("SPIP 4")


def test_discourse_answers_as_json_too(demo: Village, ask: Ask) -> None:
    base = demo.address("forum-des-quartiers")
    topics = json.loads(ask(base + "/latest.json").body)["topic_list"]["topics"]
    topic = ask(f"{base}/t/{topics[0]['slug']}/{topics[0]['id']}.json")
    assert json.loads(topic.body)["post_stream"]["posts"][0]["cooked"].startswith("<p>")


@pytest.mark.parametrize(
    ("slug", "software"), [("jardins-de-la-bievre", "mobilizon"), ("tele-passerelle", "peertube")]
)
def test_nodeinfo_tells_the_software(demo: Village, ask: Ask, slug: str, software: str) -> None:
    links = json.loads(ask(demo.address(slug) + "/.well-known/nodeinfo").body)["links"]
    assert json.loads(ask(links[0]["href"]).body)["software"]["name"] == software


def test_gancio_lists_its_events_as_json(demo: Village, ask: Ask) -> None:
    events = json.loads(ask(demo.address("l-affiche-du-bas") + "/api/events").body)
    assert events[0]["start_datetime"] < events[0]["end_datetime"]
    assert "Montreuil" in {event["place"]["address"].rpartition(", ")[2] for event in events}


def test_mediawiki_redirects_its_special_page_and_names_itself(demo: Village, ask: Ask) -> None:
    base = demo.address("wiki-du-kremlin")
    special = ask(base + "/index.php/Special:RecentChanges?feed=atom")
    assert special.status == 302
    assert parsed(ask(special.headers["Location"]), base).format == "atom10"
    info = json.loads(ask(base + "/api.php?action=query&meta=siteinfo&format=json").body)
    assert info["query"]["general"]["generator"].startswith("MediaWiki")


def test_yeswiki_lists_its_form_as_json(demo: Village, ask: Ask) -> None:
    base = demo.address("semeurs-du-93")
    assert "2" in json.loads(ask(base + "/?api/forms").body)
    entries = json.loads(ask(base + "/?api/forms/2/entries").body)
    assert all(entry["bf_titre"] for entry in entries.values())


def test_a_podcast_has_sounds_that_can_be_heard(demo: Village, ask: Ask) -> None:
    url = demo.address("radio-des-gresillons") + "/podcast.xml"
    sound = parsed(ask(url), url).entries[0].enclosures[0]
    answer = ask(sound.url)
    assert (len(answer.body), answer.headers["Content-Type"]) == (sound.length, sound.type)
    with wave.open(io.BytesIO(answer.body)) as heard:
        assert heard.getnframes() / heard.getframerate() == pytest.approx(3, abs=0.01)


def test_a_video_has_a_picture(demo: Village, ask: Ask) -> None:
    url = demo.address("tele-passerelle") + "/feeds/videos.xml?videoChannelId=2"
    picture = parsed(ask(url), url).entries[0].image
    assert picture
    answer = ask(picture)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.body.startswith(b"\x89PNG")


@pytest.mark.parametrize("slug", ["toits-pour-toutes", "atelier-du-commun-ivry"])
def test_some_entries_have_a_picture_that_answers(demo: Village, ask: Ask, slug: str) -> None:
    url = demo.address(slug) + FEEDS[slug][0]
    pictures = [entry.image for entry in parsed(ask(url), url).entries]
    shown = [picture for picture in pictures if picture]
    assert 0 < len(shown) < len(pictures)
    assert ask(shown[0]).body.startswith(b"\x89PNG")


def test_decidim_answers_graphql_and_gives_its_open_data(demo: Village, ask: Ask) -> None:
    base = demo.address("villejuif-decide")
    query = json.dumps(
        {"query": "{ decidim { version } participatoryProcesses { slug components { id } } }"}
    )
    found = json.loads(ask(base + "/api", method="POST", body=query.encode()).body)["data"]
    assert found["decidim"]["version"].startswith("0.")
    assert found["participatoryProcesses"][0]["components"][0]["proposals"]["nodes"]
    assert "errors" in json.loads(ask(base + "/api", method="POST", body=b"?").body)
    archive = zipfile.ZipFile(io.BytesIO(ask(base + "/open-data/download").body))
    assert archive.namelist() == ["proposals.csv"]


def test_opendatasoft_pages_through_its_data_sets(demo: Village, ask: Ask) -> None:
    base = demo.address("chiffres-en-partage") + "/api/explore/v2.1/catalog/datasets"
    first = json.loads(ask(base + "?limit=2").body)
    rest = json.loads(ask(base + "?limit=100&offset=2").body)
    assert len(first["results"]) == 2
    assert first["total_count"] == 2 + len(rest["results"])
    assert first["results"][0]["metas"]["default"]["title"]
    name = first["results"][0]["dataset_id"]
    assert json.loads(ask(f"{base}/{name}").body)["dataset_id"] == name


def test_a_dcat_catalogue_lists_data_sets_with_pages(demo: Village, ask: Ask) -> None:
    catalogue = json.loads(ask(demo.address("plans-ouverts") + "/data.json").body)
    assert catalogue["@type"] == "dcat:Catalog"
    for dataset in catalogue["dataset"]:
        assert ask(dataset["landingPage"]).status == 200


def test_gogocarto_lists_places_on_the_map(demo: Village, ask: Ask) -> None:
    base = demo.address("carte-des-reparables")
    places = json.loads(ask(base + "/api/elements.json").body)
    assert places["ontology"] == "gogofull"
    for place in places["data"]:
        assert 48.7 < place["geo"]["latitude"] < 49
        assert 2.2 < place["geo"]["longitude"] < 2.6
        assert ask(base + place["url"]).status == 200
    assert json.loads(ask(base + "/api/project-info.json").body)["dataSize"] == len(places["data"])


def test_a_site_without_feed_has_a_list_whose_links_answer(demo: Village, ask: Ask) -> None:
    base = demo.address("amicale-des-peupliers")
    listed = ask(base + "/actualites/").text
    assert 'rel="alternate"' not in listed
    paths = [part.partition('"')[0] for part in listed.split('<h3><a href="')[1:]]
    assert len(paths) >= 5
    for path in paths:
        page = ask(base + path).text
        assert "<article" in page
        assert "<time datetime=" in page
    assert ask(base + "/sitemap.xml").text.count("<loc>") == len(paths)


def test_every_source_of_the_village_is_at_the_host_of_its_group(demo: Village) -> None:
    hosts = {urlsplit(demo.address(group.slug)).hostname for group in demo.groups}
    assert len(hosts) == len(demo.groups)


def test_a_query_that_is_no_form_is_answered(demo: Village, ask: Ask) -> None:
    for group in demo.groups:
        if group.about.get("manners") not in {"refused", "slow"}:
            path = "/?" + urlencode({"p": "é" * 20, "limit": "-1", "page": "0"})
            assert ask(demo.address(group.slug) + path).status in {200, 403, 404}


def test_robots_files_are_those_of_the_platforms(demo: Village, ask: Ask) -> None:
    word, forum, jekyll = (
        ask(demo.address(slug) + "/robots.txt")
        for slug in ("toits-pour-toutes", "forum-des-quartiers", "velos-de-l-est")
    )
    assert "Disallow: /wp-admin/" in word.text
    assert "Crawl-delay: 1" in forum.text
    assert jekyll.status == 404


def test_wordpress_marks_only_what_it_cut(demo: Village, ask: Ask) -> None:
    feed = ask(demo.address("toits-pour-toutes") + "/feed/").text
    descriptions = [part.partition("]]>")[0] for part in feed.split("<description><![CDATA[")[1:]]
    assert any(text.endswith("[&#8230;]") for text in descriptions)
    assert any(not text.endswith("[&#8230;]") for text in descriptions)
