"""What the village's air sensors say: an endless, repeatable row of small measurements.

Pure: the same seed and turn always give the same reading.
"""

from __future__ import annotations

import random
from datetime import datetime

_POSTS = (
    ("Bagnolet", "passerelle de la porte de Bagnolet", 34),
    ("Bagnolet", "cour de l’école des Coteaux", 17),
    ("Les Lilas", "place du marché", 22),
    ("Montreuil", "croix de Chavaux", 27),
    ("Paris 20e", "square des Deux-Ponts", 19),
    ("Le Pré-Saint-Gervais", "rue du Petit-Pont", 24),
)
_REMARKS = {
    "calme": (
        "L’air est resté léger, on a entendu des mésanges au-dessus du trafic.",
        "Vent d’ouest, fenêtres ouvertes : profitez-en pour aérer.",
    ),
    "moyen": (
        "Valeur habituelle pour l’heure. Le passage des bus se lit très bien sur la courbe.",
        "Une livraison moteur allumé a fait une bosse de dix minutes sur la courbe.",
    ),
    "chargé": (
        "La valeur dépasse le repère journalier de l’OMS : évitez l’effort au bord du boulevard.",
        "Bouchon et vent nul. Nous prévenons l’école pour que la récréation se fasse côté jardin.",
    ),
}


def reading(seed: int, turn: int, at: datetime) -> tuple[str, str, str]:
    """Title, words and place of one reading; `at` is in Paris time."""
    chance = random.Random(f"{seed} reading {turn}")
    place, spot, usual = _POSTS[turn % len(_POSTS)]
    value = max(4, round(usual * chance.uniform(0.45, 1.7)))
    level = "calme" if value <= 15 else "moyen" if value <= 30 else "chargé"
    clock = f"{at.hour} h {at.minute:02d}"
    title = f"{place}, {spot} : {value} µg/m³ à {clock}"
    body = (
        f"Le capteur de {spot} ({place}) a relevé à {clock} une moyenne de **{value} µg/m³** de "
        f"particules fines PM2,5 sur le dernier quart d’heure. {chance.choice(_REMARKS[level])}\n\n"
        "Mesure citoyenne faite avec un capteur à lumière laser, corrigée de l’humidité, à lire "
        "avec une marge de 20 %. Les données brutes sont ouvertes."
    )
    return title, body, place
