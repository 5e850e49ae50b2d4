"""Why an exchange or a source failed, and what to do, for people: data in French and English.

Knows no exchange, no source and no page; the codes are what the database keeps.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of failure, as a volunteer reads it."""

    code: str
    fr: str
    """A sentence that says what happened."""
    en: str
    remedy_fr: str
    """A sentence that says what can be done, and by whom."""
    remedy_en: str
    permanent: bool = False
    """Trying again without a change on the other side cannot help."""

    def sentence(self, language: str = "fr") -> str:
        """What happened, in French unless `language` starts with `en`."""
        return self.en if language.startswith("en") else self.fr

    def remedy(self, language: str = "fr") -> str:
        """What to do, in French unless `language` starts with `en`."""
        return self.remedy_en if language.startswith("en") else self.remedy_fr


_WAIT_FR = "Rien à faire pour l’instant : nous réessayons de nous-mêmes, de plus en plus rarement."
_WAIT_EN = "Nothing to do for now: we try again by ourselves, less and less often."

_ALL = (
    Reason(
        "dns",
        "Le nom de domaine est introuvable.",
        "The domain name cannot be found.",
        "Vérifier que le nom de domaine est renouvelé, ou nous donner la nouvelle adresse.",
        "Check that the domain name is still renewed, or tell us the new address.",
    ),
    Reason(
        "refused",
        "Le serveur refuse la connexion.",
        "The server refuses the connection.",
        _WAIT_FR,
        _WAIT_EN,
    ),
    Reason(
        "connection",
        "La connexion a été coupée en route.",
        "The connection broke on the way.",
        _WAIT_FR,
        _WAIT_EN,
    ),
    Reason(
        "timeout",
        "Le site a mis trop de temps à répondre.",
        "The site took too long to answer.",
        "Si cela dure, demander à l’hébergeur pourquoi le flux est lent.",
        "If it lasts, ask the hosting company why the feed is slow.",
    ),
    Reason(
        "tls_expired",
        "Le certificat de sécurité du site a expiré.",
        "The site’s security certificate has expired.",
        "Faire renouveler le certificat (Let’s Encrypt est gratuit) par l’hébergeur.",
        "Have the hosting company renew the certificate (Let’s Encrypt is free).",
        permanent=True,
    ),
    Reason(
        "tls",
        "La connexion sécurisée au site a échoué.",
        "The secure connection to the site failed.",
        "Faire vérifier le certificat du site : nom, chaîne complète, protocole récent.",
        "Have the site’s certificate checked: name, full chain, recent protocol.",
        permanent=True,
    ),
    Reason(
        "forbidden_address",
        "Cette adresse n’est pas une adresse publique du web ; nous ne l’ouvrons pas.",
        "This is not a public web address; we do not open it.",
        "Donner l’adresse publique du flux, en http ou https.",
        "Give the feed’s public address, in http or https.",
        permanent=True,
    ),
    Reason(
        "bad_url",
        "L’adresse est mal écrite.",
        "The address is badly written.",
        "Corriger l’adresse dans l’inventaire.",
        "Correct the address in the inventory.",
        permanent=True,
    ),
    Reason(
        "robots",
        "Le fichier robots.txt du site nous demande de ne pas lire cette page.",
        "The site’s robots.txt asks us not to read this page.",
        "Le groupe peut y autoriser « FilCommun » s’il souhaite être relayé.",
        "The group can allow “FilCommun” there if it wishes to be relayed.",
        permanent=True,
    ),
    Reason(
        "robots_unreachable",
        "Le fichier robots.txt du site répond par une erreur ; par respect nous attendons.",
        "The site’s robots.txt answers with an error; out of respect we wait.",
        "Si cela dure, dire à la personne qui tient le site d’ouvrir /robots.txt dans un "
        "navigateur : il peut manquer (404), mais ne doit pas être en panne.",
        "If it lasts, tell the person who runs the site to open /robots.txt in a browser: "
        "it may be missing (404), but must not fail.",
    ),
    Reason(
        "closed_network",
        "Cette adresse est sur un réseau fermé (Facebook, Instagram, LinkedIn, TikTok, X), qui ne "
        "laisse personne suivre ses pages.",
        "This address is on a closed network (Facebook, Instagram, LinkedIn, TikTok, X), which "
        "lets nobody follow its pages.",
        "Nous donner plutôt l’adresse d’un site, d’un blog, d’un agenda ou d’un compte Mastodon.",
        "Give us the address of a site, a blog, a calendar or a Mastodon account instead.",
        permanent=True,
    ),
    Reason(
        "tdm_reserved",
        "Le site réserve ses contenus contre la fouille de textes ; nous ne les lisons pas.",
        "The site reserves its contents against text mining; we do not read them.",
        "Le groupe peut nous autoriser dans son fichier tdmrep.json, ou nous écrire.",
        "The group can allow us in its tdmrep.json file, or write to us.",
        permanent=True,
    ),
    Reason(
        "not_found",
        "La page n’existe pas ou plus à cette adresse (404).",
        "There is no page at this address, or no longer (404).",
        "Nous donner la nouvelle adresse du flux.",
        "Tell us the feed’s new address.",
        permanent=True,
    ),
    Reason(
        "gone",
        "Le site dit que ce flux a été supprimé pour de bon (410).",
        "The site says that this feed was removed for good (410).",
        "Nous donner une autre adresse si le groupe publie encore.",
        "Give us another address if the group still publishes.",
        permanent=True,
    ),
    Reason(
        "forbidden",
        "Le site nous refuse l’accès (401 ou 403).",
        "The site refuses us access (401 or 403).",
        "Le groupe peut demander à son hébergeur d’autoriser l’agent « FilCommun ».",
        "The group can ask its hosting company to allow the agent “FilCommun”.",
        permanent=True,
    ),
    Reason(
        "bot_wall",
        "Un pare-feu contre les robots bloque la lecture du flux.",
        "A wall against bots blocks the reading of the feed.",
        "Le groupe peut demander à son hébergeur d’en dispenser l’adresse du flux "
        "ou l’agent « FilCommun ».",
        "The group can ask its hosting company to exempt the feed’s address "
        "or the agent “FilCommun”.",
        permanent=True,
    ),
    Reason(
        "rate_limited",
        "Le site nous demande d’attendre (429).",
        "The site asks us to wait (429).",
        "Rien à faire : nous attendons le temps demandé, pour tout le site.",
        "Nothing to do: we wait as long as asked, for the whole site.",
    ),
    Reason(
        "unavailable",
        "Le site est momentanément indisponible (503).",
        "The site is unavailable for the moment (503).",
        _WAIT_FR,
        _WAIT_EN,
    ),
    Reason(
        "server_error",
        "Le serveur du site est en panne (erreur 5xx).",
        "The site’s server fails (error 5xx).",
        "Si cela dure, prévenir la personne qui tient le site.",
        "If it lasts, tell the person who runs the site.",
    ),
    Reason(
        "http_error",
        "Le site répond par une erreur.",
        "The site answers with an error.",
        "Ouvrir l’adresse dans un navigateur et nous dire ce que l’on y voit.",
        "Open the address in a browser and tell us what you see.",
        permanent=True,
    ),
    Reason(
        "bad_http",
        "La réponse du serveur n’est pas du HTTP correct.",
        "The server’s answer is not correct HTTP.",
        "Prévenir l’hébergeur du site.",
        "Tell the site’s hosting company.",
    ),
    Reason(
        "redirect_loop",
        "Les redirections n’en finissent pas.",
        "The redirects never end.",
        "Faire corriger les redirections du site (certaines n’aboutissent que si l’on accepte un "
        "cookie), ou nous donner l’adresse finale.",
        "Have the site’s redirects corrected (some only end where a cookie is accepted), or give "
        "us the final address.",
        permanent=True,
    ),
    Reason(
        "bad_redirect",
        "Le site renvoie vers une adresse qui n’en est pas une.",
        "The site redirects to something that is no address.",
        "Faire corriger la redirection, ou nous donner l’adresse finale.",
        "Have the redirect corrected, or give us the final address.",
        permanent=True,
    ),
    Reason(
        "too_large",
        "La réponse est trop grosse.",
        "The answer is too large.",
        "Limiter le flux à ses 20 ou 50 dernières publications.",
        "Limit the feed to its last 20 or 50 publications.",
        permanent=True,
    ),
    Reason(
        "too_large_unpacked",
        "La réponse, une fois décompressée, est trop grosse.",
        "The answer is too large once unpacked.",
        "Limiter le flux à ses 20 ou 50 dernières publications.",
        "Limit the feed to its last 20 or 50 publications.",
        permanent=True,
    ),
    Reason(
        "bad_encoding",
        "La réponse est compressée d’une façon que l’on ne peut pas lire.",
        "The answer is compressed in a way that cannot be read.",
        "Prévenir l’hébergeur : l’en-tête Content-Encoding est faux.",
        "Tell the hosting company: the Content-Encoding header is wrong.",
    ),
    Reason(
        "short_body",
        "La réponse s’est arrêtée avant la fin.",
        "The answer stopped before its end.",
        "Si cela dure, prévenir l’hébergeur : la longueur annoncée du flux n’est pas la vraie.",
        "If it lasts, tell the hosting company: the feed’s announced length is not the true one.",
    ),
    Reason(
        "partial",
        "Le serveur n’a envoyé qu’une partie du flux (206).",
        "The server sent only a part of the feed (206).",
        "Prévenir l’hébergeur du site.",
        "Tell the site’s hosting company.",
    ),
    Reason(
        "empty",
        "La réponse est vide.",
        "The answer is empty.",
        "Vérifier que le flux s’affiche dans un navigateur.",
        "Check that the feed shows in a browser.",
    ),
    Reason(
        "html",
        "À la place du flux, le site envoie une page ordinaire.",
        "Instead of the feed, the site sends an ordinary page.",
        "Vérifier l’adresse du flux ; si une autre a été trouvée, un clic la remplace.",
        "Check the feed’s address; if another was found, one click replaces it.",
        permanent=True,
    ),
    Reason(
        "not_a_feed",
        "Le contenu reçu n’est pas un flux lisible.",
        "What we received is not a readable feed.",
        "Passer le flux au validateur du W3C et faire corriger la première erreur.",
        "Run the feed through the W3C validator and have the first fault mended.",
        permanent=True,
    ),
    Reason(
        "no_feed_found",
        "Aucun flux n’a été trouvé sur ce site.",
        "No feed was found on this site.",
        "Nous donner l’adresse d’un flux RSS, ou de la page des actualités.",
        "Give us the address of an RSS feed, or of the news page.",
        permanent=True,
    ),
    Reason(
        "page_changed",
        "La page surveillée a changé de forme : nous n’y trouvons plus les articles.",
        "The watched page has changed its form: we no longer find the articles in it.",
        "Une personne de la modération doit choisir à nouveau la liste des articles.",
        "A moderator has to choose the list of articles again.",
        permanent=True,
    ),
    Reason(
        "no_article",
        "La page ne contient pas de texte d’article.",
        "The page holds no text of an article.",
        "Rien à faire : le résumé du flux suffit.",
        "Nothing to do: the feed’s summary is enough.",
        permanent=True,
    ),
    Reason(
        "not_a_picture",
        "L’image annoncée n’est pas une image que l’on peut montrer.",
        "The announced picture is not one that can be shown.",
        "Choisir une image JPEG, PNG ou WebP de 200 pixels au moins.",
        "Choose a JPEG, PNG or WebP picture of at least 200 pixels.",
        permanent=True,
    ),
    Reason(
        "internal",
        "Nous avons fait une erreur en lisant cette source.",
        "We made a mistake while reading this source.",
        "Ce n’est pas la faute du groupe ; l’opérateur trouvera la cause dans le journal.",
        "The group is not to blame; the operator will find the cause in the log.",
    ),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _ALL}
"""By code; the codes are kept in the database and never change their meaning."""


def reason(code: str) -> Reason:
    """The reason with this code; KeyError for an unknown one, which would be a bug."""
    return REASONS[code]


def for_status(status: int) -> str:
    """The code for an HTTP status that brings no body to read.

    >>> for_status(404), for_status(502), for_status(418)
    ('not_found', 'server_error', 'http_error')
    """
    named = {
        206: "partial",
        401: "forbidden",
        403: "forbidden",
        404: "not_found",
        410: "gone",
        429: "rate_limited",
        503: "unavailable",
    }
    if status in named:
        return named[status]
    if 300 <= status < 400:
        return "bad_redirect"
    return "server_error" if status >= 500 else "http_error"
