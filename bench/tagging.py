"""The quality gate of understanding: precision, recall and F1 on texts of sites never learned from.

    python bench/tagging.py [--sites] [--errors N] [--train] [--data ../shared/tagging]

Cross-validated by site in five parts: the weights that tag a site's texts were trained without
it. (The lexicon was written by people who had read these texts: new sites will do less well.)
Twice, without knowing the source and with a profile learned from the site's *other* texts. Fails
under the pinned floors; prints each figure beside its floor and the issue's target. `--train`
writes the weights that come with the program, from all texts: facts derived, never the texts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

from aggregator.taxonomy import areas, terms  # noqa: E402
from aggregator.understand import reading  # noqa: E402
from aggregator.understand.lexicon import Lexicon, default_text, read_lexicon  # noqa: E402
from aggregator.understand.quality import FLOORS  # noqa: E402
from aggregator.understand.stories import StoryEntry, StoryIndex  # noqa: E402
from aggregator.understand.tags import (  # noqa: E402
    Profile,
    Rules,
    Understanding,
    learned_profile,
    tags_for,
)
from aggregator.understand.training import OBJECTIVES, Labelled, train  # noqa: E402

DATA = Path("../shared/tagging")
WEIGHTS = Path("aggregator/understand/data/weights.json")
TOPICS = tuple(term.slug for term in terms.terms("topic"))
SKILLS = tuple(term.slug for term in terms.terms("skill"))
CODES = {
    "urb": "urbanisme",
    "log": "logement",
    "tra": "transports",
    "env": "environnement",
    "cul": "culture",
    "ess": "economie-sociale",
    "ali": "alimentation",
    "edu": "education-jeunesse",
    "san": "sante-solidarites",
    "dem": "democratie-participation",
    "num": "numerique-communs",
    "qpo": "egalite-quartiers-populaires",
    "vis": "rendre-visible",
    "con": "partager-les-connaissances",
    "coo": "renforcer-les-cooperations",
    "code": "code-webdesign",
    "pop": "quartiers-populaires",
    "part": "participation-large",
    "gouv": "gouvernance",
}
"""The labels' codes, as the labelled set's README explains them."""
FOLDS = 5
DIMENSIONS = ("topics", "objectives", "skills", "places")
TARGETS = {
    "topics F1": 0.80,
    "topics shown precision": 0.85,
    "objectives F1, source known": 0.75,
    "skills F1, source known": 0.65,
    "places F1": 0.95,
    "language": 0.98,
    "same text F1": 0.97,
    "entries in 3 ms": 1.0,
}


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1, and of how many true labels."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One text with what it should have got and what it got."""

    text: Labelled
    got: Understanding

    def pair(self, dimension: str) -> tuple[set[str], set[str]]:
        """What it should get and what it got; Paris is implied by its arrondissements."""
        if dimension == "places":
            return _with_paris(self.text.places), _with_paris(places_of(self.got))
        found = {tag.slug for tag in getattr(self.got, dimension)}
        return set(getattr(self.text, dimension)), found


def labelled(path: Path, lexicon: Lexicon) -> list[Labelled]:
    """All labelled texts, read by the lexicon, in the file's order."""
    return [_labelled(json.loads(line), lexicon) for line in path.read_text("utf-8").splitlines()]


def _labelled(row: Mapping[str, Any], lexicon: Lexicon) -> Labelled:
    return Labelled(
        id=row["id"],
        site=row["site"],
        reading=reading.read(row["title"], row["text"], lexicon, language="fr"),
        relevant=bool(row["rel"]),
        topics=frozenset(CODES[code] for code in row["topics"]),
        objectives=frozenset(CODES[code] for code in row["objectives"]),
        skills=frozenset(CODES[code] for code in row["skills"]),
        places=frozenset(row["places"]),
        language=row["lang"],
    )


def score(right: int, wrong: int, missed: int) -> Score:
    """From counts of true positives, false positives and false negatives."""
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    both = precision + recall
    return Score(precision, recall, 2 * precision * recall / both if both else 0.0, right + missed)


def places_of(found: Understanding) -> set[str]:
    """Names of the communes and arrondissements, as the labels write them."""
    kinds = {"commune", "arrondissement"}
    here = [areas.area(tag.slug) for tag in found.areas if tag.weight >= 0.5]
    return {area.name for area in here if area.kind in kinds}


def _with_paris(names: Collection[str]) -> set[str]:
    inside = {"Paris"} if any(name.startswith("Paris ") for name in names) else set()
    return set(names) | inside


def folds(texts: Sequence[Labelled]) -> Mapping[str, int]:
    """Which part each site belongs to; all texts of a site together, parts about equal."""
    load = [0] * FOLDS
    part = {}
    counts = Counter(text.site for text in texts)
    for site, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        part[site] = load.index(min(load))
        load[part[site]] += count
    return part


def profile_of(text: Labelled, texts: Iterable[Labelled]) -> Profile:
    """What the other texts of its site teach of a text's source."""
    others = [other for other in texts if other.site == text.site and other.id != text.id]
    counts: Counter[tuple[str, str]] = Counter()
    for other in others:
        counts["relevance", "on-topic"] += other.relevant
        for dimension in ("topic", "objective", "skill"):
            for slug in _slugs(dimension):
                counts[dimension, slug] += slug in getattr(other, f"{dimension}s")
    return Profile(learned=learned_profile(counts, len(others)))


def _slugs(dimension: str) -> Sequence[str]:
    return {"topic": TOPICS, "objective": OBJECTIVES, "skill": SKILLS}[dimension]


def cross_validated(
    texts: Sequence[Labelled],
) -> tuple[list[Judged], list[Judged], float]:
    """All texts judged without and with their source, and the milliseconds each took."""
    lexicon = read_lexicon(default_text())
    part = folds(texts)
    alone: list[Judged] = []
    known: list[Judged] = []
    seconds = 0.0
    for fold in range(FOLDS):
        others = [text for text in texts if part[text.site] != fold]
        weights = train(others, TOPICS, version="fold")
        rules = Rules(lexicon, weights)
        for text in texts:
            if part[text.site] == fold:
                title, body = text.reading.title, text.reading.text
                started = time.process_time()
                got = tags_for(title, body, language="fr", rules=rules)
                seconds += time.process_time() - started
                alone.append(Judged(text, got))
                profile = profile_of(text, texts)
                got = tags_for(title, body, language="fr", profile=profile, rules=rules)
                known.append(Judged(text, got))
    return alone, known, 1000 * seconds / max(len(alone), 1)


def micro(judged: Iterable[Judged], dimension: str) -> Score:
    """All labels of a dimension counted together."""
    right = wrong = missed = 0
    for one in judged:
        wanted, got = one.pair(dimension)
        right, wrong = right + len(wanted & got), wrong + len(got - wanted)
        missed += len(wanted - got)
    return score(right, wrong, missed)


def by_label(judged: Iterable[Judged], dimension: str) -> dict[str, Score]:
    """Each label of a dimension by itself, those with true examples."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in judged:
        wanted, got = one.pair(dimension)
        for slug in wanted | got:
            counts[slug][0 if slug in wanted & got else 1 if slug in got else 2] += 1
    scores = {slug: score(*count) for slug, count in counts.items()}
    return {slug: found for slug, found in scores.items() if found.support}


def macro(judged: Iterable[Judged], dimension: str) -> Score:
    """The mean over labels, each counting the same."""
    found = list(by_label(judged, dimension).values())
    count = max(len(found), 1)
    return Score(
        sum(one.precision for one in found) / count,
        sum(one.recall for one in found) / count,
        sum(one.f1 for one in found) / count,
        sum(one.support for one in found),
    )


def off_topic(judged: Iterable[Judged]) -> Score:
    """How well entries without a subject for citizens are told."""
    counts = [0, 0, 0]
    for one in judged:
        wanted, got = not one.text.relevant, not one.got.is_relevant
        if wanted or got:
            counts[0 if wanted and got else 1 if got else 2] += 1
    return score(*counts)


def shown_precision(judged: Iterable[Judged]) -> float:
    """Which share of the topics shown without a question mark is right."""
    shown = [
        tag.slug in one.text.topics for one in judged for tag in one.got.topics if tag.is_shown
    ]
    return sum(shown) / max(len(shown), 1)


def same_text(path: Path) -> Score:
    """Near duplicates among the labelled pairs, all in one index as they would be met."""
    pairs = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    index = StoryIndex()
    for number, pair in enumerate(pairs):
        one = pair["a"]
        index.add(StoryEntry(2 * number, 2 * number, now, one["title"], one["text"]))
    right = wrong = missed = 0
    for number, pair in enumerate(pairs):
        one = pair["b"]
        asked = StoryEntry(2 * number + 1, 2 * number + 1, now, one["title"], one["text"])
        found = any(match.id == 2 * number for match in index.same_text(asked, limit=20))
        right += found and pair["same"]
        wrong += found and not pair["same"]
        missed += not found and pair["same"]
    return score(right, wrong, missed)


def figures(data: Path) -> tuple[dict[str, float], list[Judged], list[Judged]]:
    """Every figure that has a floor, and the judged texts behind them."""
    texts = labelled(data / "labelled.jsonl", read_lexicon(default_text()))
    alone, known, milliseconds = cross_validated(texts)
    languages = [one.got.language == one.text.language for one in alone]
    found = {
        "topics F1": micro(alone, "topics").f1,
        "topics shown precision": shown_precision(alone),
        "objectives F1": micro(alone, "objectives").f1,
        "skills F1": micro(alone, "skills").f1,
        "places F1": micro(alone, "places").f1,
        "off topic F1": off_topic(alone).f1,
        "language": sum(languages) / len(languages),
        "topics F1, source known": micro(known, "topics").f1,
        "objectives F1, source known": micro(known, "objectives").f1,
        "skills F1, source known": micro(known, "skills").f1,
        "same text F1": same_text(data / "pairs.jsonl").f1,
        "entries in 3 ms": 3 / milliseconds,
    }
    return found, alone, known


def print_dimensions(title: str, judged: Sequence[Judged]) -> None:
    """The table of all dimensions and labels."""
    print(f"\n{title}\n{'':<32}   P    R    F1 | macro P    R    F1 |   n")
    for dimension in DIMENSIONS:
        all_, mean = micro(judged, dimension), macro(judged, dimension)
        print(
            f"{dimension:<32} {all_.precision:.2f} {all_.recall:.2f} {all_.f1:.2f} |"
            f"      {mean.precision:.2f} {mean.recall:.2f} {mean.f1:.2f} | {all_.support:>3}"
        )
        if dimension != "places":
            for slug, one in sorted(by_label(judged, dimension).items()):
                print(
                    f"  {slug:<30} {one.precision:.2f} {one.recall:.2f} {one.f1:.2f} |"
                    f"{'':>21} | {one.support:>3}"
                )


def print_sites(judged: Sequence[Judged]) -> None:
    """The same by site, for those with three texts or more."""
    by_site: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        by_site[one.text.site].append(one)
    print(f"\n{'site':<34}   n | topics  objectives  places | relevance right")
    for site, those in sorted(by_site.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        if len(those) >= 3:
            right = sum(one.text.relevant == one.got.is_relevant for one in those)
            scores = "   ".join(f"{micro(those, d).f1:>7.2f}" for d in DIMENSIONS if d != "skills")
            print(f"{site:<34} {len(those):>3} | {scores} | {right}/{len(those)}")


def print_errors(judged: Sequence[Judged], count: int) -> None:
    """Some texts whose topics are wrong, with the words that led there."""
    wrong = [one for one in judged if one.pair("topics")[0] != one.pair("topics")[1]]
    for one in wrong[:: max(len(wrong) // count, 1)][:count]:
        wanted, got = one.pair("topics")
        print(f"\n{one.text.id} {one.text.site}: {one.text.reading.title[:80]}")
        print(f"  should be {sorted(wanted)}, relevance {one.got.relevance:.2f}")
        for tag in one.got.topics:
            words = ", ".join(evidence.words for evidence in tag.evidence)
            mark = "right" if tag.slug in wanted else "WRONG"
            print(f"  {mark} {tag.slug} {tag.weight:.2f}: {words}")
        print(f"  missed {sorted(wanted - got)}")


def write_weights(data: Path) -> None:
    """Train on every labelled text and write the weights beside the lexicon."""
    texts = labelled(data / "labelled.jsonl", read_lexicon(default_text()))
    weights = train(texts, TOPICS, version=f"2026-11-25, {len(texts)} labelled texts")
    WEIGHTS.write_text(weights.to_json() + "\n", "utf-8")
    print(f"{WEIGHTS}: {sum(map(len, weights.labels.values()))} weights from {len(texts)} texts")


def main() -> int:
    """Print the tables; 1 when a figure is under its floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sites", action="store_true", help="the table by site")
    parser.add_argument("--errors", type=int, default=0, help="so many wrong texts")
    parser.add_argument("--train", action="store_true", help="write the program's weights")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"The labelled texts are not at {options.data}: nothing can be measured.")
        return 1
    if options.train:
        write_weights(options.data)
    found, alone, known = figures(options.data)
    print_dimensions("The source unknown", alone)
    print_dimensions("The source known by its other texts", known)
    if options.sites:
        print_sites(alone)
    if options.errors:
        print_errors(alone, options.errors)
    print(f"\n{'':<32} figure  floor  target  figure : target")
    failed = []
    for name, value in found.items():
        floor, target = FLOORS[name], TARGETS.get(name)
        aim = f"{target:.2f}    {value / target:.2f}" if target else "-"
        print(f"{name:<32}  {value:.3f}   {floor:.2f}    {aim}")
        if value < floor:
            failed.append(name)
    if failed:
        print(f"\nUnder the floor: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
