"""A signed link opens what it was made for, to nobody else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.mail import links

SECRET = "s" * 32


def test_a_link_opens_one_thing() -> None:
    link = links.sign(SECRET, links.LEAVE, 7, "nonce")
    assert links.subject(link) == 7
    assert links.verify(SECRET, links.LEAVE, link, "nonce")
    assert not links.verify(SECRET, links.MANAGE, link, "nonce")
    assert not links.verify(SECRET, links.LEAVE, link, "another")
    assert not links.verify("t" * 32, links.LEAVE, link, "nonce")
    assert not links.verify(SECRET, links.LEAVE, link.replace("7.", "8."), "nonce")


@given(st.text())
def test_no_forged_link_opens_anything(text: str) -> None:
    assert not links.verify(SECRET, links.LEAVE, text, "nonce")
    assert links.bounced(SECRET, text) is None


def test_a_bounce_tag_names_its_letter_in_any_case() -> None:
    tag = links.bounce_tag(SECRET, 123)
    assert links.bounced(SECRET, tag.upper()) == 123
    assert links.bounced(SECRET, "124" + tag[3:]) is None
