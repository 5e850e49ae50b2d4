"""A moderator clears the queue with the keyboard alone, in a real browser."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from aggregator.parts import Parts
from aggregator.registry import amendments, moderators
from aggregator.store.tables import Amendment, Entry, Group, Letter

pytestmark = pytest.mark.slow


def mixed(parts: Parts, count: int) -> None:
    """Proposals of every everyday kind."""
    with parts.sessions.begin() as session:
        now = parts.clock()
        groups = session.query(Group).order_by(Group.id).all()
        entries = session.query(Entry).order_by(Entry.id).all()
        for number in range(count):
            group, entry = groups[number % len(groups)], entries[number % len(entries)]
            kind, about = (
                ("profile", {"group": group, "change": {"description": f"Texte {number}"}}),
                ("report", {"entry": entry, "change": {"reason": "advertising"}}),
                (
                    "dead_link",
                    {"group": group, "change": {"url": f"https://mort.example/{number}"}},
                ),
                ("missing_group", {"change": {"url": f"https://groupe-{number}.example"}}),
                ("source", {"group": group, "change": {"url": f"https://flux-{number}.example"}}),
            )[number % 5]
            amendments.propose(session, kind, now=now, why=f"Raison {number}", **about)


def sign_in(page: Page, parts: Parts, address: str) -> None:
    """Through the mailed link, its button pressed with the keyboard."""
    with parts.sessions.begin() as session:
        moderators.appoint(
            session, "alice@m.example", name="Alice", role="administrator", now=parts.clock()
        )
        link = session.query(Letter).order_by(Letter.id.desc()).first().values["path"]
    page.goto(address + link)
    page.get_by_role("button", name="Oui").press("Enter")
    page.wait_for_url("**/moderation")


def states(parts: Parts) -> Counter[str]:
    with parts.sessions() as session:
        return Counter(row.state for row in session.query(Amendment))


def wait_for(wanted: Any) -> None:
    limit = time.monotonic() + 60
    while not wanted() and time.monotonic() < limit:
        time.sleep(0.05)
    assert wanted()


def test_fifty_mixed_proposals_are_cleared_with_the_keyboard_alone(
    browser: Browser, own_parts: Parts, address: str
) -> None:
    mixed(own_parts, 50)
    page = browser.new_page(locale="fr-FR")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, own_parts, address)
    assert page.locator("[data-card]").count() == 50
    for number in range(50):
        if number % 5 == 4:
            page.keyboard.press("p")
        elif number % 5 == 2:
            page.keyboard.press("r")
            page.keyboard.press("5")
        else:
            page.keyboard.press("a")
    page.wait_for_url("**/moderation?fait=*", timeout=60_000)
    assert "Rien n’attend" in page.content()
    assert states(own_parts) == {"accepted": 30, "refused": 10, "postponed": 10}
    assert errors == []
    with own_parts.sessions() as session:
        assert all(row.seconds is not None for row in session.query(Amendment))
    page.keyboard.press("u")
    page.close()


def test_a_decision_is_undone_a_note_typed_and_a_selection_decided_at_once(
    browser: Browser, own_parts: Parts, address: str
) -> None:
    mixed(own_parts, 10)
    page = browser.new_page(locale="fr-FR")
    sign_in(page, own_parts, address)
    subject = page.locator("[data-current] h2").inner_text()
    # The undo is typed before the answer to the decision has come.
    page.keyboard.press("a")
    page.keyboard.press("u")
    wait_for(lambda: states(own_parts) == {"open": 10, "undone": 1})
    page.locator("[data-current]:not([data-done]) h2", has_text=subject).wait_for()
    for _ in range(3):
        page.keyboard.press("x")
        page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.press("6")
    page.wait_for_url("**fait=**")
    assert states(own_parts)["refused"] == 3
    page.keyboard.press("u")
    page.wait_for_url("**/moderation")
    assert states(own_parts)["open"] == 10
    # Letters typed into a field are letters.
    page.keyboard.press("r")
    page.locator("[data-current] textarea[name=note]").fill("")
    page.locator("[data-current] textarea[name=note]").press_sequentially("jaune, apres 3 px")
    page.keyboard.press("Enter")
    assert states(own_parts)["open"] == 10
    page.close()


def test_the_card_in_hand_lies_where_the_last_one_lay(
    browser: Browser, own_parts: Parts, address: str
) -> None:
    mixed(own_parts, 12)
    page = browser.new_page(locale="fr-FR", viewport={"width": 1200, "height": 700})
    sign_in(page, own_parts, address)
    for _ in range(8):
        page.keyboard.press("a")
        box = page.locator("[data-current]").bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 175
    page.close()


def test_keys_can_be_switched_off(browser: Browser, own_parts: Parts, address: str) -> None:
    mixed(own_parts, 3)
    page = browser.new_page(locale="fr-FR")
    sign_in(page, own_parts, address)
    page.keyboard.press("?")
    page.get_by_label("Écouter ces touches").uncheck()
    page.keyboard.press("a")
    page.reload()
    page.keyboard.press("a")
    page.keyboard.press("Tab")
    assert states(own_parts) == {"open": 3}
    page.close()


def test_queue_works_without_script_by_tab_and_enter(
    browser: Browser, own_parts: Parts, address: str
) -> None:
    mixed(own_parts, 3)
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    sign_in(page, own_parts, address)
    page.locator("[data-card] button", has_text="Accepter").first.press("Enter")
    page.wait_for_url("**fait=**")
    page.locator("summary", has_text="Refuser").first.press("Enter")
    page.locator("button", has_text="Hors sujet").first.press("Enter")
    page.wait_for_url("**fait=**")
    page.get_by_role("button", name="Annuler").press("Enter")
    page.wait_for_url("**/moderation")
    assert states(own_parts) == {"accepted": 1, "undone": 1, "open": 2}
    context.close()


def test_a_session_that_ended_loses_no_decision_silently(
    browser: Browser, own_parts: Parts, address: str
) -> None:
    mixed(own_parts, 2)
    page = browser.new_page(locale="fr-FR")
    sign_in(page, own_parts, address)
    page.context.clear_cookies()
    page.keyboard.press("a")
    page.get_by_text("Pas enregistré : rechargez la page.").first.wait_for()
    assert page.locator("[data-card]:not([data-done])").count() == 2
    assert states(own_parts) == {"open": 2}
    page.close()
