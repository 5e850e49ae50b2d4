"""The village's own page: who lives where, on which platform, and who is ill on purpose."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.demo.texts import Group
from aggregator.demo.wire import Answer, escape, text_answer

_MANNERS = {
    "moved": "son flux a déménagé pour de bon (301)",
    "gone": "son flux a été supprimé (410)",
    "refused": "son serveur est éteint : il refuse la connexion",
    "slow": "son serveur répond goutte à goutte",
    "malformed": "son flux est mal formé, mais lisible",
    "latin": "son flux est en windows-1252",
    "html": "une page est venue à la place de son flux",
    "wall": "un pare-feu prend tous les programmes pour des robots (403)",
    "busy": "son hébergeur demande de revenir dans une heure (429)",
    "reserved": "il réserve ses textes contre la fouille (TDM)",
    "private": "son robots.txt ne laisse entrer personne",
    "hostile": "son flux essaie de nuire à qui le lit",
}


def explained(manner: str) -> str:
    """What a `manners:` word means, in French, without a capital or a point."""
    return _MANNERS[manner]


def page(groups: Iterable[Group], addresses: dict[str, str]) -> Answer:
    """All groups by address, each with its platform and what ails it."""
    rows = "".join(_row(group, addresses[group.slug]) for group in groups)
    return text_answer(
        f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Le village de démonstration</title>
<style>body{{font:1rem/1.5 Georgia,serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse}}th,td{{text-align:left;padding:.3rem .8rem .3rem 0;
border-bottom:1px solid #ccc;vertical-align:top}}</style></head><body>
<h1>Le village de démonstration</h1>
<p>Ces groupes sont imaginaires, leurs sites sont vraiment servis par cette machine. Certains sont
malades exprès : Fil commun doit le dire et continuer. À l’adresse <code>/secretariat</code> de
chacun, vous jouez la personne qui tient le site.</p>
<table><thead><tr><th>Groupe</th><th>Plateforme</th><th>À savoir</th></tr></thead>
<tbody>{rows}</tbody></table></body></html>"""
    )


def _row(group: Group, address: str) -> str:
    known = [explained(group.about["manners"])] if "manners" in group.about else []
    if not group.is_listed:
        known.append("absent de l’inventaire : essayez de l’inscrire")
    if group.about.get("hub") == "yes":
        known.append("annonce ses nouvelles par WebSub")
    if group.about.get("rights") == "link":
        known.append("titres et liens seulement")
    return (
        f'<tr><td><a href="{address}/">{escape(group.name)}</a></td>'
        f"<td>{escape(group.about['platform'])}</td><td>{escape(' ; '.join(known))}</td></tr>\n"
    )
