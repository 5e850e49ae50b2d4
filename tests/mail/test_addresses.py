"""Only one address is ever written to, and nothing comes in beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import MailError
from aggregator.mail import addresses


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("alice@example.org", "alice@example.org"),
        (" Alice.B+fil@Example.ORG ", "Alice.B+fil@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("zoé@exämple.org", "zoé@xn--exmple-cua.org"),
    ],
)
def test_an_address_is_read_as_it_is_written(typed: str, read: str) -> None:
    assert addresses.read(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "alice",
        "alice@",
        "@example.org",
        "alice@localhost",
        "alice@127.0.0.1",
        "alice@[127.0.0.1]",
        "alice@example..org",
        "alice@-example.org",
        ".alice@example.org",
        "al..ice@example.org",
        '"alice b"@example.org',
        "Alice <alice@example.org>",
        "alice@example.org, bob@example.org",
        "alice@example.org\nBcc: bob@example.org",
        "alice\r\n@example.org",
        "alice@example.org\x00",
        "alice@exa mple.org",
        "a" * 65 + "@example.org",
        "alice@" + "a" * 250 + ".org",
        "alice\u202e@example.org",
        "alice(comment)@example.org",
    ],
)
def test_anything_else_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(MailError, match="not an address we can write to"):
        addresses.read(typed)


@given(st.text())
def test_no_text_gives_an_address_with_a_line_break(text: str) -> None:
    for typed in (text, f"{text}@example.org", f"a@{text}.org"):
        try:
            read = addresses.read(typed)
        except MailError:
            continue
        assert read.count("@") == 1
        assert not set(read) & set('\r\n\0 <>",;:()')
