"""What this room says to people, in French and English: refusals, reasons, steps, advice.

Data only; knows no page and no mail. `exchange_words` has those of imports. A test holds every
code used in this room to be here.
"""

from __future__ import annotations

from typing import Final

from aggregator.registry import exchange_words

REFUSAL_REASONS: Final = (
    "off_topic",
    "not_a_group",
    "advertising",
    "already_there",
    "wrong",
    "unclear",
    "unreachable",
    "hate",
    "personal_data",
    "other",
)
"""Why a moderator refuses or postpones an amendment, the commonest first (keys 1 to 9 and 0)."""

SETTLED: Final = ("other_table", "as_it_is")
"""Why a workshop did not follow one table: it followed another, or keeps what is there."""

REPORT_REASONS: Final = (
    "hate",
    "personal_data",
    "false",
    "advertising",
    "off_topic",
    "rights",
    "other",
)
"""Why a reader reports an entry."""

_WORDS: Final[dict[str, tuple[str, str]]] = {
    **exchange_words.WORDS,
    # Why a wish was refused at once.
    "not_an_address": (
        "« {address} » n’est pas une adresse de site. Exemple : https://monasso.fr",
        "“{address}” is not the address of a site. Example: https://ourgroup.org",
    ),
    "mixed_letters": (
        "Le nom « {host} » mêle des lettres de plusieurs alphabets : nous ne suivons pas les "
        "adresses qui imitent celle d’un autre site.",
        "The name “{host}” mixes letters of several alphabets: we do not follow addresses that "
        "imitate another site’s.",
    ),
    "left": (
        "Ce site a demandé à ne plus figurer ici.",
        "This site asked not to be listed here any more.",
    ),
    "come_back": (
        "S’il est le vôtre et que vous souhaitez revenir, écrivez à {contact}.",
        "If it is yours and you wish to come back, write to {contact}.",
    ),
    "too_quick": (
        "Le formulaire est parti plus vite qu’une personne ne le remplit, ou il est resté ouvert "
        "trop longtemps. Attendez deux secondes et renvoyez-le : rien n’est perdu.",
        "The form left faster than a person fills it in, or it was open for too long. Wait two "
        "seconds and send it again: nothing is lost.",
    ),
    "no_phrase": (
        "Une expression a {most} signes au plus, ni virgule ni dièse ; « mot* », quatre lettres.",
        "A phrase has {most} characters at most, no comma or hash; “word*”, four letters or more.",
    ),
    "not_in_lexicon": (
        "« {phrase} » n’est pas dans le lexique de ce terme : il n’y a rien à ôter.",
        "“{phrase}” is not in this term’s lexicon: there is nothing to take out.",
    ),
    "too_often": (
        "Cela fait beaucoup de demandes en peu de temps. Merci de réessayer un peu plus tard.",
        "That makes many requests in a short time. Please try again a little later.",
    ),
    "not_found": (
        "Ce lien ne mène plus à rien : il a déjà servi ou il a expiré. Demandez-en un nouveau.",
        "This link leads nowhere any more: it was used or has expired. Ask for a new one.",
    ),
    "already_listed": (
        "{name} figure déjà dans Fil commun. Si c’est votre groupe, choisissez « c’est nous ».",
        "{name} is already in Fil commun. If it is your group, choose “that’s us”.",
    ),
    "not_an_email": (
        "« {email} » n’est pas une adresse de courriel.",
        "“{email}” is not an e-mail address.",
    ),
    "still_looking": (
        "Nous n’avons pas fini de lire le site : encore quelques secondes.",
        "We have not finished reading the site: a few seconds more.",
    ),
    "no_source": (
        "Il manque une source : choisissez un flux, une page ou un agenda à suivre.",
        "A source is missing: choose a feed, a page or a calendar to follow.",
    ),
    "missing": ("Il manque : {field}.", "This is missing: {field}."),
    "too_long": (
        "{field} est trop long : {most} caractères au plus.",
        "{field} is too long: {most} characters at most.",
    ),
    "unknown_value": (
        "« {value} » n’est pas une valeur possible pour {field}.",
        "“{value}” is not a possible value for {field}.",
    ),
    "unknown_term": (
        "« {value} » n’est pas une valeur possible pour {field}. Peut-être : {near}",
        "“{value}” is not a possible value for {field}. Perhaps: {near}",
    ),
    "unknown_field": ("Ce champ ne se modifie pas ici : {field}.", "Not changed here: {field}."),
    "no_selector": (
        "« {selector} » n’est pas un sélecteur CSS. Exemple : main article h2 a",
        "“{selector}” is no CSS selector. Example: main article h2 a",
    ),
    "nothing_to_change": (
        "Rien ne changerait : c’est déjà ainsi.",
        "Nothing would change: it is so already.",
    ),
    "needs_proof": (
        "Il faut d’abord prouver que ce site est le vôtre.",
        "First prove that this site is yours.",
    ),
    "not_yours": (
        "Cette adresse n’est pas celle d’un responsable de ce groupe.",
        "This address is not that of a keeper of this group.",
    ),
    "not_allowed": (
        "Il faut être {who} pour décider de cela.",
        "Only a {who} may decide this.",
    ),
    "already_decided": (
        "Cette proposition a déjà été décidée.",
        "This proposal has been decided already.",
    ),
    "gone": (
        "Ce dont il s’agit n’existe plus : {subject}.",
        "What this is about no longer exists: {subject}.",
    ),
    "changed_meanwhile": (
        "« {field} » a changé entre-temps ({now}) : relisez avant de décider.",
        "“{field}” has changed meanwhile ({now}): read again before you decide.",
    ),
    "reason_needed": (
        "Choisissez une raison : elle sera publique.",
        "Choose a reason: it will be public.",
    ),
    "cannot_undo": (
        "Cette décision ne peut plus être annulée : {why}.",
        "This decision cannot be undone any more: {why}.",
    ),
    "own_decision": (
        "Un recours se juge par quelqu’un d’autre que la personne qui a décidé.",
        "An appeal is judged by somebody else than the person who decided.",
    ),
    "other_domain": (
        "L’adresse doit être au domaine du site : …@{domain}",
        "The address must be at the site’s domain: …@{domain}",
    ),
    "last_administrator": (
        "C’est la dernière personne qui administre : nommez-en une autre d’abord.",
        "This is the last administrator: appoint another one first.",
    ),
    "workshop_closed": ("Cet atelier est clos.", "This workshop is closed."),
    "workshop_undecided": (
        "Avant de clore l’atelier, décidez ou reportez ce qui attend encore ({count}).",
        "Before closing the workshop, decide or postpone what still waits ({count}).",
    ),
    "unknown_group": (
        "Aucun groupe ne s’appelle « {name} » : corrigez son nom, ou donnez son site s’il manque.",
        "No group is called “{name}”: mend its name, or give its site if it is missing.",
    ),
    "several_groups": (
        "Plusieurs groupes s’appellent à peu près « {name} » : donnez leur identifiant (slug).",
        "Several groups are called about “{name}”: give the slug.",
    ),
    # Why a moderator refuses, or a reader reports.
    "off_topic": (
        "Hors sujet : cela ne concerne pas la vie de la métropole.",
        "Off topic: not about life in the metropolis.",
    ),
    "not_a_group": (
        "Ce n’est pas un groupe ou un média d’habitantes et d’habitants.",
        "This is not a residents’ group or medium.",
    ),
    "advertising": ("Publicité ou démarchage.", "Advertising or canvassing."),
    "already_there": ("Déjà présent.", "Already there."),
    "wrong": ("Inexact, après vérification.", "Not correct, as checked."),
    "unclear": ("Trop peu clair pour décider.", "Too unclear to decide."),
    "unreachable": ("Le site ou le flux ne répond pas.", "The site or feed does not answer."),
    "hate": (
        "Propos haineux, discriminatoires ou appels à la violence.",
        "Hateful or discriminatory words, or calls to violence.",
    ),
    "personal_data": (
        "Données personnelles ou atteinte à la vie privée.",
        "Personal data or a breach of privacy.",
    ),
    "false": ("Information fausse.", "False information."),
    "rights": (
        "Droit d’auteur ou droit à l’image.",
        "Copyright or image rights.",
    ),
    "other": ("Autre raison.", "Another reason."),
    "other_table": ("L’atelier a suivi une autre table.", "The workshop followed another table."),
    "as_it_is": ("L’atelier garde ce qui est là.", "The workshop keeps what is there."),
    # Why something was accepted.
    "checked": ("Vérifié.", "Checked."),
    "trusted": (
        "Accepté de lui-même : le groupe a fait ses preuves.",
        "Passed by itself: the group has earned trust.",
    ),
    "proved": (
        "Accepté de lui-même : la propriété du site est prouvée.",
        "Passed by itself: ownership of the site is proved.",
    ),
    "own_registration": (
        "Accepté de lui-même : le groupe corrige sa propre inscription.",
        "Passed by itself: the group corrects its own registration.",
    ),
    "withdrawn": ("Retiré par son auteur.", "Withdrawn by its author."),
    "held": ("Retenu par une règle de mots.", "Held by a rule on words."),
    # What the worker is doing while a registrant waits.
    "step_waiting": ("En attente d’un lecteur libre…", "Waiting for a free reader…"),
    "step_page": ("Lecture de {address}", "Reading {address}"),
    "step_feeds": (
        "Recherche des flux",
        "Looking for feeds",
    ),
    "step_feed": ("Lecture du flux {address}", "Reading the feed {address}"),
    "step_tags": ("Thèmes, lieux et savoir-faire", "Topics, places and skills"),
    "step_done": ("C’est prêt.", "Ready."),
    "step_failed": ("Le site n’a pas pu être lu : {why}", "The site could not be read: {why}"),
    # What came of an address that was tried.
    "tried_feed": ("un flux, avec des articles", "a feed, with entries"),
    "tried_empty": ("un flux, encore vide", "a feed, still empty"),
    # Kinds of amendment.
    "kind_new_group": ("Nouveau groupe inscrit", "New group registered"),
    "kind_missing_group": ("Groupe manquant", "Missing group"),
    "kind_profile": ("Fiche d’un groupe", "A group’s profile"),
    "kind_source": ("Source d’un groupe", "A group’s source"),
    "kind_tag": ("Étiquette d’un article", "An entry’s tag"),
    "kind_dead_link": ("Lien mort", "Dead link"),
    "kind_duplicate": ("Doublon", "Duplicate"),
    "kind_report": ("Signalement", "Report"),
    "kind_hold": ("Article retenu", "Entry held"),
    "kind_lexicon": ("Mots du classement", "Words of the tagger"),
    "kind_appeal": ("Recours", "Appeal"),
    "kind_rule": ("Règle de décision", "Rule of decision"),
    # States of an amendment.
    "state_open": ("à décider", "to decide"),
    "state_postponed": ("reporté", "postponed"),
    "state_accepted": ("accepté", "accepted"),
    "state_refused": ("refusé", "refused"),
    "state_undone": ("annulé", "undone"),
    # Who may decide.
    "who_moderator": ("modérateur ou modératrice", "moderator"),
    "who_administrator": ("administrateur ou administratrice", "administrator"),
    "who_nobody": ("personne : cela passe tout seul", "nobody: it passes by itself"),
    # Levels of trust.
    "trust_0": ("inconnu", "unknown"),
    "trust_1": ("inscrit", "registered"),
    "trust_2": ("site prouvé", "site proved"),
    "trust_3": ("de confiance", "trusted"),
    # Proofs of ownership.
    "method_rel_me": (
        'Un lien vers votre page ici, avec rel="me"',
        'A link to your page here, with rel="me"',
    ),
    "method_well_known": ("Un petit fichier sur votre site", "A small file on your site"),
    "method_dns_txt": ("Un enregistrement DNS", "A DNS record"),
    "method_feed_token": ("Un code dans votre flux", "A code in your feed"),
    "method_email": (
        "Un courriel à une adresse de votre domaine",
        "A mail to an address at your domain",
    ),
    "how_rel_me": ("Ajoutez ce lien sur {address} :", "Add this link to {address}:"),
    "how_well_known": (
        "Déposez à l’adresse {file} un fichier texte qui contient ce code :",
        "Put a text file at {file} that contains this code:",
    ),
    "how_dns_txt": (
        "Ajoutez à {host} un enregistrement TXT qui contient ce code :",
        "Add a TXT record to {host} that contains this code:",
    ),
    "how_feed_token": (
        "Écrivez ce code dans la description du flux, ou dans un article récent, de {address} :",
        "Write this code in the description of the feed, or in a recent entry, of {address}:",
    ),
    "how_email": (
        "Ouvrez le lien du courriel envoyé à l’adresse de votre domaine.",
        "Open the link in the mail sent to the address at your domain.",
    ),
    "proof_not_there": (
        "L’adresse répond, mais la preuve n’y est pas encore.",
        "The address answers, but the proof is not there yet.",
    ),
    "proof_no_record": ("Aucun enregistrement TXT trouvé.", "No TXT record found."),
    "proof_waiting": ("En attente de vérification.", "Waiting to be checked."),
    # What to do when no feed was found.
    "advice_wordpress": (
        "Votre site est fait avec WordPress : son flux est d’ordinaire à l’adresse /feed/. S’il ne "
        "répond pas, une extension l’a sans doute fermé (réglage « désactiver les flux RSS »).",
        "Your site is made with WordPress: its feed is usually at /feed/. If it does not answer, "
        "an extension has probably closed it (setting “disable RSS feeds”).",
    ),
    "advice_spip": (
        "Votre site est fait avec SPIP : son flux est à l’adresse /spip.php?page=backend. "
        "Vérifiez qu’un squelette backend est actif.",
        "Your site is made with SPIP: its feed is at /spip.php?page=backend. Check that the "
        "backend template is active.",
    ),
    "advice_wix": (
        "Votre site est fait avec Wix : seul un blog Wix a un flux, à l’adresse /blog-feed.xml. "
        "Sans blog, nous pouvons suivre la page de vos actualités.",
        "Your site is made with Wix: only a Wix blog has a feed, at /blog-feed.xml. Without a "
        "blog we can follow the page with your news.",
    ),
    "advice_squarespace": (
        "Votre site est fait avec Squarespace : ajoutez ?format=rss à l’adresse de votre blog.",
        "Your site is made with Squarespace: add ?format=rss to the address of your blog.",
    ),
    "advice_facebook": (
        "Facebook ne laisse personne suivre ses pages. Un petit blog, un compte Mastodon ou un "
        "agenda Mobilizon suffisent : donnez-nous leur adresse.",
        "Facebook lets nobody follow its pages. A small blog, a Mastodon account or a Mobilizon "
        "calendar is enough: give us its address.",
    ),
    "advice_instagram": (
        "Instagram ne laisse personne suivre ses comptes. Un petit blog, un compte Mastodon ou "
        "Pixelfed, ou un agenda suffisent : donnez-nous leur adresse.",
        "Instagram lets nobody follow its accounts. A small blog, a Mastodon or Pixelfed account "
        "or a calendar is enough: give us its address.",
    ),
    "advice_helloasso": (
        "HelloAsso n’a pas de flux d’actualités. Donnez-nous l’adresse de votre site ou agenda.",
        "HelloAsso has no news feed. Give us the address of your site or calendar.",
    ),
    "advice_none": (
        "Nous n’avons pas trouvé de flux. Nous pouvons suivre la page où vous publiez vos "
        "actualités, ou un agenda (adresse en .ics) : donnez-nous son adresse.",
        "We found no feed. We can follow the page where you publish your news, or a calendar "
        "(an address ending in .ics): give us its address.",
    ),
}


def sentence(code: str, language: str = "fr", /, **values: object) -> str:
    """The words for a code, in French unless `language` starts with `en`; unknown codes as is.

    >>> sentence("missing", "en", field="name")
    'This is missing: name.'
    """
    french, english = _WORDS.get(code, (code, code))
    template = english if language.startswith("en") else french
    return template.format_map(_Gaps(values))


def is_known(code: str) -> bool:
    """Whether there are words for a code."""
    return code in _WORDS


class _Gaps(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"
