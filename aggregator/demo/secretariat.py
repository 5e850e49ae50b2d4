"""`/secretariat` of every village site: where the demo's visitor plays a group's webmaster.

To prove that a group is theirs, people put a line into the head of their home page; here they
paste it. Only `meta` and `link` elements are taken.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from aggregator.demo.texts import Group
from aggregator.demo.wire import Answer, escape, text_answer

_LINE = re.compile(r"<(?:meta|link)\s[^<>]{1,500}>", re.IGNORECASE)


def posted(body: bytes) -> str:
    """The `meta` and `link` elements of what was pasted; empty when there is none."""
    pasted = parse_qs(body.decode("utf-8", "replace")).get("ligne", [""])[0]
    return "".join(_LINE.findall(pasted)[:5])


def page(group: Group, proof: str) -> Answer:
    """The form, with what is in the head now."""
    return text_answer(
        f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8">
<meta name="robots" content="noindex"><title>Secrétariat – {escape(group.name)}</title></head>
<body style="font:1.05rem/1.5 Georgia,serif;max-width:40rem;margin:2rem auto;padding:0 1rem">
<h1>Secrétariat du site</h1>
<p>Vous jouez ici le rôle de la personne qui tient le site de <strong>{escape(group.name)}</strong>.
Collez la ligne demandée par Fil commun : elle sera mise dans l’en-tête de la page d’accueil.</p>
<form method="post"><p><label for="ligne">Ligne à ajouter</label><br>
<textarea id="ligne" name="ligne" rows="3" cols="60">{escape(proof)}</textarea></p>
<p><button>Mettre sur la page d’accueil</button> <a href="/">Voir la page d’accueil</a></p></form>
</body></html>"""
    )
