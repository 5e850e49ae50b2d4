"""How some servers of the village misbehave, over whatever platform they run.

A group's `manners:` line names one; the platform's good answer goes in, what really leaves the
server comes out. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from aggregator.demo.sites.site import Platform, Site
from aggregator.demo.wire import Answer, Asked, escape, moved, text_answer

OLD_FEED = "/backend/rss.php"
"""Where the feed that moved used to be; the inventory still names it."""
DRIP_SECONDS = 20.0

Manner = Callable[[Site, Platform, Asked, Answer], Answer]


def spoiled(site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """The answer as this group's server really sends it."""
    manner = site.group.about.get("manners")
    return _MANNERS[manner](site, platform, asked, answer) if manner in _MANNERS else answer


def _is_feed(platform: Platform, asked: Asked) -> bool:
    return asked.target in platform.sources


def _moved(site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """The feed's old address sends on for good."""
    return moved(site.at(platform.sources[0])) if asked.path == OLD_FEED else answer


def _gone(site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """The feed was taken away for good; the home page still tells why."""
    if not _is_feed(platform, asked):
        return answer
    return text_answer("<h1>410 – Ce flux a été supprimé</h1>", status=410)


def _slow(_site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """An old machine behind a weak line."""
    return replace(answer, drip=DRIP_SECONDS) if _is_feed(platform, asked) else answer


def _malformed(_site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """A warning before the prolog, bare ampersands, a tag never closed; readable all the same."""
    if not _is_feed(platform, asked):
        return answer
    text = answer.body.decode().replace("&amp;", "&").replace("</channel>\n", "")
    warning = "<br />\n<b>Notice</b>: Undefined index: cache in <b>rss.php</b> on line <b>12</b>\n"
    return replace(answer, body=(warning + text + "<!-- fin du cache -->\n").encode())


def _latin(_site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """The feed is in windows-1252, and says so in its prolog only."""
    if not _is_feed(platform, asked):
        return answer
    text = answer.body.decode().replace('encoding="utf-8"', 'encoding="windows-1252"', 1)
    return replace(answer, body=text.encode("cp1252", "xmlcharrefreplace"), type="text/xml")


def _html(site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """Since the new design, a page answers at the feed's address, with status 200."""
    if not _is_feed(platform, asked):
        return answer
    page = text_answer(
        f"<!DOCTYPE html><html lang=fr><head><title>{escape(site.group.name)}</title></head><body>"
        "<h1>Notre site fait peau neuve</h1><p>Cette page arrive bientôt. En attendant, "
        "passez nous voir au local !</p></body></html>"
    )
    return replace(page, etag="strong")


def _wall(_site: Site, _platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """A shield that takes every program for an attacker."""
    if "mozilla/5.0 (x11" in asked.headers.get("user-agent", "").lower():
        return answer
    return text_answer(
        '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>'
        '<meta name="robots" content="noindex,nofollow"></head><body><div class="main-wrapper">'
        '<h1>Checking your browser before accessing this site</h1><div id="challenge-error-text">'
        "Enable JavaScript and cookies to continue</div></div>"
        '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>'
        "</body></html>",
        status=403,
        Server="cloudflare",
        CF_RAY="9a3f27c1be0dd4a1-CDG",
        CF_Mitigated="challenge",
        Cache_Control="private, max-age=0, no-store, no-cache, must-revalidate",
    )


def _busy(_site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """A shared host that asks everybody to come back in an hour."""
    if not _is_feed(platform, asked):
        return answer
    return text_answer("Trop de demandes.\n", "text/plain", 429, Retry_After="3600")


def _reserved(_site: Site, _platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """Text and data mining rights are reserved (TDMRep): well-known file and header."""
    if asked.path == "/.well-known/tdmrep.json":
        rules = [{"location": "*", "tdm-reservation": 1}]
        return Answer(json.dumps(rules).encode(), "application/json")
    return replace(answer, headers={**answer.headers, "tdm-reservation": "1"})


def _private(_site: Site, _platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """robots.txt lets nobody in."""
    if asked.path == "/robots.txt":
        return Answer(b"User-agent: *\nDisallow: /\n", "text/plain")
    return answer


def _hostile(_site: Site, platform: Platform, asked: Asked, answer: Answer) -> Answer:
    """Whoever runs this server tries everything on its readers; the pages stay harmless."""
    if answer.type.startswith("image/"):
        return answer
    text = answer.body.decode()
    for mark, trick in _TRICKS.items():
        text = text.replace(mark, trick if _is_feed(platform, asked) else "")
    return replace(answer, body=text.encode())


_TRICKS = {
    "{{long}}": "Nous avons tout dit, et nous le redisons. " * 2500,
    "{{script}}": "<script>document.body.innerHTML = 'débordé'</script>",
    "{{image}}": "<img src=x onerror=\"fetch('/vole?' + document.cookie)\">",
    "{{link}}": '<a href="javascript:alert(document.domain)">cliquez ici</a>',
    "{{frame}}": '<iframe src="//exemple.invalid/"></iframe><style>*{display:none}</style>',
}

_MANNERS: dict[str | None, Manner] = {
    "moved": _moved,
    "gone": _gone,
    "slow": _slow,
    "malformed": _malformed,
    "latin": _latin,
    "html": _html,
    "wall": _wall,
    "busy": _busy,
    "reserved": _reserved,
    "private": _private,
    "hostile": _hostile,
}
