"""Every platform of the village by the word in a group's `platform:` line, and its whole site."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from aggregator.demo.manners import spoiled
from aggregator.demo.sites import (
    agendas,
    catalogues,
    decidim,
    drupal,
    forum,
    maps,
    media,
    openagenda,
    pages,
    pictures,
    plain,
    social,
    spip,
    static,
    wikis,
    wordpress,
    youtube,
)
from aggregator.demo.sites.site import Platform, Site
from aggregator.demo.texts import Group
from aggregator.demo.wire import Answer, Asked

_PLATFORMS = {
    "wordpress": wordpress.PLATFORM,
    "spip": spip.PLATFORM,
    "drupal": drupal.PLATFORM,
    "jekyll": static.JEKYLL,
    "json": static.JSON_FEED,
    "hidden": static.HIDDEN,
    "handmade": static.HAND_MADE,
    "dokuwiki": wikis.DOKUWIKI,
    "mediawiki": wikis.MEDIAWIKI,
    "yeswiki": wikis.YESWIKI,
    "discourse": forum.PLATFORM,
    "gancio": agendas.GANCIO,
    "calendar": agendas.CALENDAR,
    "podcast": media.PODCAST,
    "peertube": media.PEERTUBE,
    "decidim": decidim.PLATFORM,
    "opendatasoft": catalogues.OPENDATASOFT,
    "dcat": catalogues.DCAT,
    "gogocarto": maps.GOGOCARTO,
    "plain": plain.PLATFORM,
}
# Where many groups share one platform, its addresses carry the group's name.
_SHARED = {
    "mobilizon": agendas.mobilizon,
    "openagenda": openagenda.openagenda,
    "mastodon": social.mastodon,
    "loomio": social.loomio,
    "communecter": social.communecter,
    "umap": maps.umap,
    "youtube": youtube.youtube,
}


def platform_of(group: Group) -> Platform:
    """How this group publishes; raises KeyError for a word nobody knows."""
    word = group.about["platform"]
    return _SHARED[word](group.slug) if word in _SHARED else _PLATFORMS[word]


def answer(site: Site, asked: Asked) -> Answer:
    """What the group's server says: its platform's answer, with its own manners."""
    platform = platform_of(site.group)
    answered = _answer(site, platform, asked)
    named = replace(answered, headers={**platform.headers(site), **answered.headers})
    return spoiled(site, platform, asked, named)


def _answer(site: Site, platform: Platform, asked: Asked) -> Answer:
    own = platform.respond(site, asked)
    if own is not None:
        return own
    if asked.path == "/robots.txt" and platform.robots is not None:
        return Answer(platform.robots.encode(), "text/plain")
    if asked.path in {"/", "/index.php", platform.home} and not asked.raw_query:
        return pages.home(site, platform)
    picture = pictures.at(site, asked.path)
    if picture is not None:
        return picture
    for post in site.posts:
        if asked.target in {platform.link(post), unquote(platform.link(post))}:
            return pages.article(site, platform, post)
    return pages.missing(site, platform)
