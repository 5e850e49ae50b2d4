"""Whatever the bytes: a feed or ParseError, nothing live, nothing cleaned twice differently."""

from __future__ import annotations

import html5lib
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.parse.characters import one_line, tidy
from aggregator.parse.clean import plain_text, safe_html
from aggregator.parse.dates import parse_date
from aggregator.parse.entries import ParsedFeed
from aggregator.parse.feeds import parse
from aggregator.parse.urls import canonical_url, page_url

BASE = "https://voisins.example/flux/"
ACTIVE = {
    "script", "style", "iframe", "frame", "object", "embed", "applet", "base", "meta", "link",
    "form", "input", "button", "select", "textarea", "svg", "math", "video", "audio", "template",
}  # fmt: skip

_fragments = st.sampled_from(
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=a()>", "</svg>",
        "<math><mtext><table><mglyph><style>", "<!--", "-->", "<![CDATA[", "]]>", "<a href='",
        "javascript:alert(1)", "java\tscript:", "data:text/html,<b>", "'>", '">', "<p title=\"",
        "</noscript>", "<noscript>", "<style>", "</style>", "&lt;", "&#60;", "&amp;amp;lt;", "&",
        "<", ">", "<title>", "</title>", "<form action=/x>", "<base href=//m.example/>", "été",
        "\u202e", "\x00", "<p>", "</p>", "<xmp>", "<plaintext>", "<table><tr>", "<?xml ?>",
        "<li>", "http://a.example/?utm_source=b&c=1", "\ud800", "<select><option>", "//x.example",
    ]
)  # fmt: skip
html_like = st.lists(_fragments | st.text(max_size=8), max_size=14).map("".join)
_pieces = st.sampled_from(
    [
        b"<rss version='2.0'>", b"<channel>", b"<item>", b"</item>", b"</channel></rss>",
        b"<title>", b"</title>", b"<link>http://[</link>", b"<feed xmlns='http://www.w3.org/2005/Atom'>",
        b"<entry>", b"</entry></feed>", b"<pubDate>Thu, 99 Feb 99999 99:99</pubDate>", b"&#xd800;",
        b"<link href='http://a:b@c:99999/'/>", b"<?xml version='1.0' encoding='utf-7'?>",
        b"\xff\xfe",
        b'{"items":[{"id":1e999,"url":[]}]}', b'{"items":[', b"]}",
        b"<!DOCTYPE r [<!ENTITY a 'b'>]>",
        b"&a;", b"<![CDATA[", b"]]>", b"<guid>\x00</guid>", b"\x1f\x8b\x08",
        b"<x:y ", b"xmlns:x=''",
        b"<rdf:RDF", b">", b"<CHANNEL><ITEM HREF='x'/></CHANNEL>", b"<georss:where srsName=':a'>",
        b"<content type='xhtml'><div>", b"<enclosure url='x' length='-1'/>", b"<media:group>",
    ]
)  # fmt: skip
feed_like = st.lists(_pieces | st.binary(max_size=12), max_size=16).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(
    feed_like | st.binary(max_size=200), st.sampled_from([None, "text/xml", "x; charset=utf-16"])
)
def test_any_bytes_are_a_feed_or_a_parse_error(body: bytes, content_type: str | None) -> None:
    try:
        feed = parse(body, BASE, content_type)
    except ParseError:
        return
    assert isinstance(feed, ParsedFeed)
    uids = [entry.uid for entry in feed.entries]
    assert all(uids)
    assert len(set(uids)) == len(uids)
    for entry in feed.entries:
        assert entry.url is None or entry.url.startswith(("http://", "https://"))
        assert entry.title == entry.title.strip()
        assert "\n" not in entry.title


def live(html: str) -> set[str]:
    """What a browser would act on when it parses a fragment, names only."""
    found = set()
    tree = html5lib.parseFragment(html, container="div", namespaceHTMLElements=False)
    for element in tree.iter():
        name = str(element.tag).rpartition("}")[2].lower()
        found |= {name} & ACTIVE
        for key, value in element.attrib.items():
            address = "".join(value.split()).lower()
            if str(key).lower().startswith("on") or str(key) == "style":
                found.add(str(key))
            if str(key) in {"href", "src", "cite"} and not address.startswith(
                ("http:", "https:", "mailto:", "tel:")
            ):
                found.add(address)
    return found


@settings(max_examples=400, deadline=None)
@given(html_like)
def test_no_html_stays_live(html: str) -> None:
    cleaned = safe_html(html, BASE)
    assert live(cleaned) == set()
    again = html5lib.serialize(
        html5lib.parseFragment(cleaned, container="div"), quote_attr_values="always"
    )
    assert live(again) == set()


@settings(max_examples=300, deadline=None)
@given(html_like)
def test_cleaning_twice_is_cleaning_once(html: str) -> None:
    once = safe_html(html, BASE)
    assert safe_html(once, BASE) == once


@settings(max_examples=300, deadline=None)
@given(html_like, st.integers(10, 200))
def test_plain_text_twice_is_once_and_holds_no_element(html: str, limit: int) -> None:
    once = plain_text(html, limit)
    assert plain_text(once, limit) == once
    assert len(once) <= limit
    tree = html5lib.parseFragment(once, namespaceHTMLElements=False)
    assert [element.tag for element in tree.iter() if isinstance(element.tag, str)] == [tree.tag]


@given(st.text(max_size=60))
def test_tidy_twice_is_once(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(st.text(max_size=60), st.integers(5, 40))
def test_one_line_keeps_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert one_line(line, limit) == line


urls = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(
            ["http://", "HTTPS://", "//", "/", "", "javascript:", "http:", "https://a:b@"]
        ),
        st.sampled_from(
            ["voisins.example", "café.example", "[::1]", "1.2.3.4:80", "x:y", "", "a b"]
        ),
        st.text(max_size=20),
        st.sampled_from(["", "?utm_source=1&b=2", "?a=1&&b", "#xtor=1", "#a#b", "?%zz"]),
    ),
)


@given(urls)
def test_addresses_are_http_and_stay_as_they_are(link: str) -> None:
    url = page_url(link, BASE)
    if url is None:
        return
    assert url.startswith(("http://", "https://"))
    assert url.isprintable()
    assert "@" not in url.split("/")[2]
    assert page_url(url, BASE) == url
    canonical = canonical_url(link, BASE)
    assert canonical is not None
    assert canonical_url(canonical) == canonical


@given(
    st.text(max_size=40)
    | st.from_regex(r"[a-z]{3}, \d{1,2} [a-zé]{3,4} \d{2,4} \d{1,2}:\d{2}(:\d\d)? [+-]?\w{1,4}")
)
def test_any_text_is_a_date_between_1970_and_2037_or_none(text: str) -> None:
    date = parse_date(text)
    assert date is None or (1970 <= date.year <= 2037 and date.utcoffset() is not None)
