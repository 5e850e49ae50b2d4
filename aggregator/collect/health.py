"""How a source is, in one word, with what it means and what can be done: in French and English.

Pure: judged from what the row and the last visit say. Temporary trouble is told from lasting
trouble, and a source that merely says nothing from one that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.collect.schedule import Rhythm

LASTING = timedelta(days=7)
"""Temporary trouble that goes on so long is lasting trouble."""


@dataclass(frozen=True, slots=True)
class State:
    """One state of a source, as `/sante` tells it."""

    code: str
    label_fr: str
    label_en: str
    fr: str
    """A sentence: what it means."""
    en: str
    remedy_fr: str
    """A sentence: who can do what; empty where nothing is to be done."""
    remedy_en: str
    ill: bool = False
    """It brings no news, or may soon bring none."""

    def label(self, language: str = "fr") -> str:
        """One or two words, in French unless `language` starts with `en`."""
        return self.label_en if language.startswith("en") else self.label_fr

    def sentence(self, language: str = "fr") -> str:
        """What it means."""
        return self.en if language.startswith("en") else self.fr

    def remedy(self, language: str = "fr") -> str:
        """What can be done; empty where nothing is to be done."""
        return self.remedy_en if language.startswith("en") else self.remedy_fr


_ALL = (
    State(
        "new",
        "pas encore lue",
        "not read yet",
        "Cette source vient d’être ajoutée et n’a pas encore été lue.",
        "This source was just added and has not been read yet.",
        "",
        "",
    ),
    State("ok", "en forme", "well", "Tout va bien.", "All is well.", "", ""),
    State(
        "silent",
        "silencieuse",
        "silent",
        "La source se lit bien, mais n’a rien publié depuis bien plus longtemps que d’habitude.",
        "The source reads well, but has published nothing for much longer than usual.",
        "Demander au groupe s’il publie désormais ailleurs.",
        "Ask the group whether it now publishes elsewhere.",
    ),
    State(
        "slower",
        "ralentie",
        "slower",
        "La source publie nettement moins qu’avant.",
        "The source publishes much less than before.",
        "Vérifier que le groupe ne publie pas aussi ailleurs.",
        "Check that the group does not also publish elsewhere.",
    ),
    State(
        "surge",
        "emballée",
        "surging",
        "La source publie beaucoup plus que d’habitude.",
        "The source publishes far more than usual.",
        "Regarder ses dernières publications : le site a peut-être été piraté.",
        "Look at its latest publications: the site may have been hacked.",
    ),
    State(
        "moving",
        "en déménagement",
        "moving",
        "Le site renvoie vers une nouvelle adresse ; nous l’adoptons au bout de sept jours.",
        "The site redirects to a new address; we adopt it once that has held for seven days.",
        "",
        "",
    ),
    State(
        "failing",
        "en difficulté",
        "failing",
        "Les dernières lectures ont échoué, sans doute pour peu de temps.",
        "The last visits failed, probably for a short while.",
        "Rien à faire pour l’instant : nous réessayons de nous-mêmes.",
        "Nothing to do for now: we try again by ourselves.",
        ill=True,
    ),
    State(
        "broken",
        "en panne",
        "broken",
        "La source ne peut plus être lue depuis plusieurs jours.",
        "The source has been unreadable for several days.",
        "Prévenir le groupe, en lui disant la cause indiquée ici.",
        "Tell the group, with the cause given here.",
        ill=True,
    ),
    State(
        "replaced",
        "remplacée",
        "replaced",
        "Le flux ne répond plus, mais le site en propose un autre.",
        "The feed no longer answers, but the site offers another.",
        "Une personne de la modération peut l’adopter en un clic.",
        "A moderator can adopt it with one click.",
        ill=True,
    ),
    State(
        "html",
        "devenue une page",
        "turned to a page",
        "À l’adresse du flux se trouve maintenant une page ordinaire.",
        "An ordinary page now stands at the feed’s address.",
        "Nous donner la nouvelle adresse du flux.",
        "Tell us the feed’s new address.",
        ill=True,
    ),
    State(
        "certificate",
        "certificat expiré",
        "certificate expired",
        "Le certificat de sécurité du site n’est plus valable ; nous ne passons pas outre.",
        "The site’s security certificate is no longer valid; we do not ignore that.",
        "Faire renouveler le certificat par l’hébergeur (Let’s Encrypt est gratuit).",
        "Have the hosting company renew the certificate (Let’s Encrypt is free).",
        ill=True,
    ),
    State(
        "blocked",
        "bloquée",
        "blocked",
        "Le site, ou un pare-feu devant lui, nous refuse l’accès.",
        "The site, or a wall in front of it, refuses us access.",
        "Le groupe peut transmettre à son hébergeur : « Merci d’autoriser l’agent FilCommun à "
        "lire l’adresse de notre flux RSS, qui est fait pour être lu par des programmes. »",
        "The group can forward to its hosting company: “Please allow the agent FilCommun to "
        "read the address of our RSS feed, which is made to be read by programs.”",
        ill=True,
    ),
    State(
        "refused",
        "lecture refusée",
        "reading refused",
        "Le site demande, dans robots.txt ou tdmrep.json, de ne pas être lu ; nous obéissons.",
        "The site asks in robots.txt or tdmrep.json not to be read; we obey.",
        "Si le groupe souhaite être relayé, il peut y autoriser FilCommun.",
        "If the group wishes to be relayed, it can allow FilCommun there.",
        ill=True,
    ),
    State(
        "gone",
        "disparue",
        "gone",
        "Il n’y a plus rien à cette adresse.",
        "There is nothing at this address any more.",
        "Nous donner la nouvelle adresse, ou retirer la source.",
        "Tell us the new address, or remove the source.",
        ill=True,
    ),
    State(
        "unfound",
        "flux introuvable",
        "no feed found",
        "Aucun flux n’a été trouvé sur le site du groupe.",
        "No feed was found on the group’s site.",
        "Nous donner l’adresse d’un flux, ou celle de la page des actualités à surveiller.",
        "Give us the address of a feed, or of the news page to watch.",
        ill=True,
    ),
    State(
        "changed",
        "page refaite",
        "page redesigned",
        "La page surveillée a changé de forme ; nous n’y trouvons plus les articles.",
        "The watched page has changed its form; we no longer find the articles in it.",
        "Une personne de la modération doit choisir à nouveau la liste des articles.",
        "A moderator has to choose the list of articles again.",
        ill=True,
    ),
    State(
        "paused",
        "en pause",
        "paused",
        "Le groupe ou la modération a suspendu la lecture de cette source.",
        "The group or a moderator has suspended the reading of this source.",
        "",
        "",
    ),
)

STATES: dict[str, State] = {state.code: state for state in _ALL}
"""By code, from well to ill; the codes are kept in `Source.state`."""

_BY_REASON = {
    "html": "html",
    "tls_expired": "certificate",
    "tls": "certificate",
    "bot_wall": "blocked",
    "forbidden": "blocked",
    "robots": "refused",
    "tdm_reserved": "refused",
    "gone": "gone",
    "no_feed_found": "unfound",
    "closed_network": "unfound",
    "page_changed": "changed",
}
_LASTING_REASONS = frozenset(
    {
        *("forbidden_address", "bad_url", "redirect_loop", "bad_redirect"),
        *("too_large", "too_large_unpacked", "not_a_feed", "http_error"),
    }
)


def after_failure(
    reason: str, *, failures: int, last_ok_at: datetime | None, now: datetime, proposals: int = 0
) -> str:
    """The state of a source whose last visit failed.

    `failures` in a row, this one included; `proposals`: feeds found that might replace it.
    """
    if proposals and reason in {"html", "gone", "not_found", "not_a_feed", "dns"}:
        return "replaced"
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    if reason == "not_found" and failures >= 3:
        return "gone"
    if reason in _LASTING_REASONS and failures >= 2:
        return "broken"
    # Without any success so far the count has to stand for the time: 10 doublings are 7 days.
    long = now - last_ok_at > LASTING if last_ok_at else failures >= 8
    return "broken" if long and failures >= 3 else "failing"


def after_success(
    rhythm: Rhythm, now: datetime, *, week: int = 0, before: float = 0.0, moving: bool = False
) -> str:
    """The state of a source that was read.

    `week`: entries of the last 7 days; `before`: a usual week's number, from the 8 weeks before
    them, 0 when not known.
    """
    if moving:
        return "moving"
    if rhythm.last is not None and now - rhythm.last >= rhythm.patience:
        return "silent"
    if before and week >= 10 and week > 4 * before + 4:
        return "surge"
    if before >= 8 and week < before / 4:
        return "slower"
    return "ok"


_WALLS = (
    ("Cloudflare", "cf-mitigated", r"cdn-cgi/challenge-platform|<title>Just a moment|cf-chl-"),
    ("Cloudflare", "", r"<title>(?:Attention Required! \| |[^<]{0,200} used )Cloudflare"),
    ("DataDome", "x-datadome", r"captcha-delivery\.com|geo\.captcha-delivery"),
    ("Imperva", "x-iinfo", r"_Incapsula_Resource|Incapsula incident"),
    ("Sucuri", "x-sucuri-block", r"Sucuri WebSite Firewall"),
    ("Akamai", "", r"<title>Access Denied</title>[\s\S]{0,400}Reference&#32;#|errors\.edgesuite"),
    ("Anubis", "", r"/\.within\.website/x/cmd/anubis|Making sure you(?:'|&#39;)re not a bot"),
    ("Wordfence", "", r"[Gg]enerated by Wordfence|Your access to this site has been limited"),
    ("o2switch Tiger Protect", "", r"o2s-chl|Tiger Protect"),
    ("SiteGround", "sg-captcha", r"/\.well-known/sgcaptcha/"),
    ("Vercel", "x-vercel-mitigated", r"Vercel Security Checkpoint"),
    ("AWS WAF", "x-amzn-waf-action", r"awswaf\.com|AwsWafIntegration"),
    ("captcha", "", r"g-recaptcha|h-captcha|cf-turnstile|hcaptcha\.com/1/api"),
)


def bot_wall(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """The name of the wall against robots that answered in the site's place; None for none.

    A page that merely embeds a captcha in a form with status 200 is only a wall when it is
    short: a news page has more to say. Nor is a page missing (404, 410) or a server down (5xx
    save 503) for the site's scripts and forms that its error page still carries.
    """
    if status in {404, 410} or (status >= 500 and status != 503):
        return None
    start = body[:30_000].decode("utf-8", "replace")
    if re.match(r"\s*(<\?xml|<rss|<feed|\{)", start):
        return None
    for name, header, pattern in _WALLS:
        if header and header in headers and status != 304:
            blocked = status in {401, 403, 405, 429, 503} or len(body) < 20_000
            if name not in {"DataDome", "Imperva"} or (blocked and re.search(pattern, start)):
                return name
        if re.search(pattern, start) and (status >= 400 or len(body) < 20_000):
            return name
    return None


def wall_named(detail: str) -> str | None:
    """The wall that a source's `last_detail` speaks of; None when it names none."""
    return next((name for name, _, _ in _WALLS if name in detail), None)
