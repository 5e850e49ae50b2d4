"""`/secretariat` of every village site: where the demo's visitor plays a group's webmaster.

To prove that a group is theirs, people put a link on their home page, or a code into a file of
their site; here they paste it. Only `a`, `link` and `meta` elements and bare codes are taken.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from aggregator.demo.texts import Group
from aggregator.demo.wire import Answer, escape, text_answer

CODE_FILE = "/.well-known/filcommun.txt"

_ELEMENT = re.compile(
    r"<(?:meta|link)\s[^<>]{1,500}>|<a\s[^<>]{1,500}>[^<>]{0,200}</a>", re.IGNORECASE
)
_CODE = re.compile(r"\s*([\w.-]{8,100})\s*")


def posted(body: bytes) -> str:
    """The elements, or the code, of what was pasted; empty when there is neither."""
    pasted = parse_qs(body.decode("utf-8", "replace")).get("ligne", [""])[0]
    code = _CODE.fullmatch(pasted)
    return code[1] if code else "".join(_ELEMENT.findall(pasted)[:5])


def code_file(proof: str) -> Answer:
    """The file that holds the code; 404 as long as there is none."""
    if not _CODE.fullmatch(proof):
        return text_answer("Rien ici.\n", "text/plain; charset=utf-8", 404)
    return text_answer(proof + "\n", "text/plain; charset=utf-8")


def page(group: Group, proof: str) -> Answer:
    """The form, with what was pasted last."""
    return text_answer(
        f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8">
<meta name="robots" content="noindex"><title>Secrétariat – {escape(group.name)}</title></head>
<body style="font:1.05rem/1.5 Georgia,serif;max-width:40rem;margin:2rem auto;padding:0 1rem">
<h1>Secrétariat du site</h1>
<p>Vous jouez ici le rôle de la personne qui tient le site de <strong>{escape(group.name)}</strong>.
Collez ce que Fil commun vous demande : un lien sera mis au pied de la page d’accueil ; un code
seul sera déposé dans <code>{CODE_FILE}</code>.</p>
<form method="post"><p><label for="ligne">Lien ou code</label><br>
<textarea id="ligne" name="ligne" rows="3" cols="60">{escape(proof)}</textarea></p>
<p><button>Mettre en ligne</button> <a href="/">Voir la page d’accueil</a></p></form>
</body></html>"""
    )
