"""How good the tags are at the least: what each release is held to before it goes out.

F1 (or what the name says) over texts that people labelled and the weights never saw,
cross-validated by site; `bench/tagging.py` measures, its test holds. Shown on
/sante. Knows no text.
"""

from __future__ import annotations

from typing import Final

FLOORS: Final = {
    "topics F1": 0.77,
    "topics shown precision": 0.85,
    "objectives F1": 0.70,
    "skills F1": 0.58,
    "places F1": 0.97,
    "off topic F1": 0.72,
    "language": 0.98,
    "objectives F1, source known": 0.75,
    "skills F1, source known": 0.63,
    "topics F1, source known": 0.79,
    "same text F1": 0.97,
    "entries in 3 ms": 1.00,
}
