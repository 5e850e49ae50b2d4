"""Which tags an entry gets, each with its origin, weight and evidence. Pure.

The same entry, profile and rules always give the same tags. Knows no database: what a source
declares and what was learned of it come in as a `Profile`, corrections as changed `Rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from aggregator.taxonomy import terms
from aggregator.understand import reading
from aggregator.understand.lexicon import Lexicon, default_text, read_lexicon
from aggregator.understand.model import Weights, default_weights, log_odds, probability
from aggregator.understand.places import Place
from aggregator.understand.reading import Found, Reading

MAX_TOPICS = 4
TAGGED = 0.4
"""From this probability on a topic is given."""
SKILL_TAGGED = 0.3
"""Skills are rare: a probability of 0.3 is already a strong sign."""
SHOWN = 0.6
"""From this probability on a tag is sure enough to be shown without a question mark."""
ABOUT = 0.5
"""An area of less weight only stands in a list of many: the entry is not about it."""
RELEVANT = 0.6
"""Below this an entry goes to the queue « à vérifier »; it is never hidden by it."""

_DECLARED = 1.2
_NOT_DECLARED = -0.4
"""Log-odds a group's own words add to a tag, when it declares it and when it declares others."""
_OF_THE_INVENTORY = 1.0
"""Log-odds of being on topic that an entry has for coming from a group of the inventory."""
_IN_ITS_LANGUAGE = 2.5
"""The same for an entry in another language: its group speaks to neighbours, not to abroad."""
_INHERITED = 0.5
"""Weight of a skill that nothing but the group's declaration speaks for."""
_HABIT = 1.6
"""A group's entries are more alike in purpose than in subject: how much more that weighs."""
_STUFFED = 6.0
"""Strength of the best topic from which on many others beside it are a list of keywords."""
_SILENT = 3.0
"""Strength of all topics together under which a text says nothing of its subject."""
_SECOND_OBJECTIVE = 0.45
_STRONG = 3.0
"""Weight in the lexicon from which one phrase says an objective or a skill by itself."""
_USUAL = 2.0
"""The same for two different phrases. « Ans » or « lundi » say nothing, however often."""
_MAX_EVIDENCE = 6
_TELLING = 0.4
"""Share of the heaviest phrase's weight from which on another is told beside it."""
_EMPTY: Mapping[tuple[str, str], float] = MappingProxyType({})
SKILLS_IN_TEXTS = ("code-webdesign", "participation-large", "gouvernance")
"""The skills that a text can show; `quartiers-populaires` only a group can declare."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a source's group declares of itself, and what was learned from its entries."""

    topics: frozenset[str] = frozenset()
    objectives: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    """Slugs of where the group works; they help names that say too little alone."""
    language: str | None = None
    """ISO 639-1; taken where an entry is too short to tell."""
    learned: Mapping[tuple[str, str], float] = field(default_factory=lambda: _EMPTY)
    """Log-odds by (dimension, slug), see `learned_profile`; (`relevance`, `on-topic`) as well."""


NO_PROFILE = Profile()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that speak for a tag, and where they stand, to be marked there."""

    field: str
    """`title` or `text`."""
    start: int
    """Offset of the first character in that field as it was given to `tags_for`."""
    end: int
    """Offset after the last character."""
    words: str
    """What stands there."""


@dataclass(frozen=True, slots=True)
class TagFound:
    """One term of the taxonomy on an entry, and why."""

    dimension: str
    """`topic`, `objective`, `skill` or `area`."""
    slug: str
    origin: str
    """`text`: the evidence speaks for it. `source`: inherited from the group. `learned`: neither,
    but entries like this one were so tagged."""
    weight: float
    """Probability, 0 to 1; for areas how much the entry is about them."""
    evidence: tuple[Evidence, ...] = ()
    """The strongest first, at most six, none that says next to nothing; empty unless the origin is
    `text`."""

    @property
    def is_shown(self) -> bool:
        """Whether it is sure enough to stand without a question mark."""
        return self.weight >= SHOWN or self.dimension == "objective" or self.origin == "source"


@dataclass(frozen=True, slots=True)
class Understanding:
    """All that was understood of one entry."""

    language: str | None
    """ISO 639-1; None where neither the text nor its source tells."""
    relevance: float
    """Probability of being on topic for citizens of the metropolis."""
    topics: tuple[TagFound, ...]
    """At most four, the most probable first."""
    objectives: tuple[TagFound, ...]
    """One, seldom two; none for an entry that is not relevant and has no text evidence."""
    skills: tuple[TagFound, ...]
    areas: tuple[TagFound, ...]
    """Areas it is about, the weightiest first. Wider areas follow from the tree and are not
    repeated; where its group lives is not added."""

    @property
    def tags(self) -> tuple[TagFound, ...]:
        """All tags: topics, objectives, skills, areas."""
        return (*self.topics, *self.objectives, *self.skills, *self.areas)

    @property
    def is_relevant(self) -> bool:
        """False: for the queue « à vérifier »."""
        return self.relevance >= RELEVANT


@dataclass(frozen=True)
class Rules:
    """By what tags are given: the lexicon written by hand, the weights learned."""

    lexicon: Lexicon
    weights: Weights

    @property
    def version(self) -> str:
        """Taxonomy, weights and lexicon in one line: entries tagged under another are due again."""
        return f"{terms.version()} {self.weights.version} {self.lexicon.version}"


@lru_cache(maxsize=1)
def default_rules() -> Rules:
    """The rules that come with the program, read once."""
    return Rules(read_lexicon(default_text()), default_weights())


def tags_for(
    title: str,
    text: str,
    *,
    profile: Profile = NO_PROFILE,
    language: str | None = None,
    rules: Rules | None = None,
) -> Understanding:
    """What an entry is about. Title and text are plain text; either may be empty.

    `language` is what the entry's feed says, used before the profile's where the text is too
    short. The first 20,000 characters of the text are read, in about 2 ms; never raises.
    """
    rules = rules or default_rules()
    seen = reading.read(
        title,
        text,
        rules.lexicon,
        language=(language or "")[:2].lower() or profile.language,
        near=profile.areas,
    )
    relevance = _relevance(seen, profile, rules.weights)
    return Understanding(
        language=seen.language,
        relevance=round(relevance, 3),
        topics=_topics(seen, profile, rules.weights, relevance),
        objectives=_objectives(seen, profile, rules.weights, relevance),
        skills=_skills(seen, profile, rules.weights, relevance),
        areas=tuple(_area(place, seen) for place in seen.places if place.weight >= ABOUT),
    )


def learned_profile(
    counts: Mapping[tuple[str, str], int], entries: int
) -> Mapping[tuple[str, str], float]:
    """Log-odds for `Profile.learned`, from how many of a source's entries bear each tag.

    Count entries whose tags a moderator confirmed or corrected. Smoothed, so that one or two
    entries say little; empty without entries.
    """
    if not entries:
        return _EMPTY
    found = {}
    for (dimension, slug), count in counts.items():
        usual = USUAL.get(dimension, 0.15)
        share = (count + 2 * usual) / (entries + 2)
        found[dimension, slug] = round(log_odds(share) - log_odds(usual), 3)
    return found


USUAL = MappingProxyType({"topic": 0.11, "objective": 0.33, "skill": 0.06, "relevance": 0.76})
"""How often a term of each dimension applies where nothing is known."""


def _relevance(seen: Reading, profile: Profile, weights: Weights) -> float:
    score = weights.score("relevance/on-topic", reading.relevance_features(seen))
    is_declared = profile.topics or profile.objectives or profile.skills
    usual = 0.0
    if is_declared:
        usual = _OF_THE_INVENTORY if seen.language in {"fr", None} else _IN_ITS_LANGUAGE
    return probability(score + profile.learned.get(("relevance", "on-topic"), usual))


def _prior(profile: Profile, dimension: str, slug: str) -> float:
    """What the source says for a tag, in log-odds; 0 when nothing is known of it."""
    if (dimension, slug) in profile.learned:
        return profile.learned[dimension, slug]
    declared: frozenset[str] = getattr(profile, f"{dimension}s")
    if not declared:
        return 0.0
    return _DECLARED if slug in declared else _NOT_DECLARED


def _topics(
    seen: Reading, profile: Profile, weights: Weights, relevance: float
) -> tuple[TagFound, ...]:
    found = []
    focus = _focus(seen)
    is_silent = sum(seen.strengths.get("topic", {}).values()) < _SILENT
    for term in terms.terms("topic"):
        features = reading.tag_features(seen, "topic", term.slug)
        # « Rendez-vous mercredi » says nothing against a topic either: the source decides.
        score = (
            log_odds(USUAL["topic"]) if is_silent else weights.score(f"topic/{term.slug}", features)
        )
        weight = probability(score + _prior(profile, "topic", term.slug)) * relevance * focus
        if weight >= TAGGED:
            found.append(_tag(seen, profile, "topic", term.slug, weight))
    found.sort(key=lambda tag: -tag.weight)
    return tuple(found[:MAX_TOPICS])


def _focus(seen: Reading) -> float:
    """1 for a text with a few subjects; less the more it has, as keyword lists do.

    What is about everything is about nothing.
    """
    strengths = seen.strengths.get("topic", {}).values()
    best = max(strengths, default=0.0)
    subjects = sum(strength > best / 3 for strength in strengths) if best > _STUFFED else 0
    return min(1.0, MAX_TOPICS / 2 / subjects) if subjects > MAX_TOPICS + 1 else 1.0


def _objectives(
    seen: Reading, profile: Profile, weights: Weights, relevance: float
) -> tuple[TagFound, ...]:
    if relevance < RELEVANT:
        return ()
    slugs = [
        term.slug
        for term in terms.terms("objective")
        if not profile.objectives
        or _is_known_for(profile, "objective", term.slug)
        or _is_explicit(seen, "objective", term.slug)
    ]
    if not slugs:
        # All that the group declares has left the taxonomy since.
        return ()
    chances = {
        slug: probability(
            weights.score(f"objective/{slug}", reading.tag_features(seen, "objective", slug))
            + _HABIT * _prior(profile, "objective", slug)
        )
        for slug in slugs
    }
    total = sum(chances.values()) or 1.0
    ranked = sorted(chances, key=lambda slug: -chances[slug])
    kept = [ranked[0]]
    if len(ranked) > 1 and chances[ranked[1]] / total >= _SECOND_OBJECTIVE:
        kept.append(ranked[1])
    return tuple(_tag(seen, profile, "objective", slug, chances[slug] / total) for slug in kept)


def _skills(
    seen: Reading, profile: Profile, weights: Weights, relevance: float
) -> tuple[TagFound, ...]:
    found = {}
    for slug in SKILLS_IN_TEXTS:
        features = reading.tag_features(seen, "skill", slug)
        score = weights.score(f"skill/{slug}", features) + _prior(profile, "skill", slug)
        weight = probability(score) * relevance
        may = _is_known_for(profile, "skill", slug) or _is_explicit(seen, "skill", slug)
        if weight >= SKILL_TAGGED and may:
            found[slug] = _tag(seen, profile, "skill", slug, weight)
    for slug in sorted(profile.skills - set(found)):
        # A text that shows another practice replaces what the group says of itself in general.
        if not found or slug not in SKILLS_IN_TEXTS:
            found[slug] = TagFound("skill", slug, "source", _INHERITED)
    for term in terms.terms("skill"):
        learned = profile.learned.get(("skill", term.slug))
        if learned is not None and term.slug not in (*SKILLS_IN_TEXTS, *found):
            weight = probability(log_odds(USUAL["skill"]) + learned) * relevance
            if weight >= SKILL_TAGGED:
                found[term.slug] = TagFound("skill", term.slug, "learned", round(weight, 3))
    return tuple(sorted(found.values(), key=lambda tag: -tag.weight))


def _tag(seen: Reading, profile: Profile, dimension: str, slug: str, weight: float) -> TagFound:
    is_said = dimension == "topic" or _is_explicit(seen, dimension, slug)
    evidence = _evidence(seen, dimension, slug) if is_said else ()
    if evidence:
        origin = "text"
    elif slug in getattr(profile, f"{dimension}s"):
        origin = "source"
    else:
        origin = "learned"
    return TagFound(dimension, slug, origin, round(weight, 3), evidence)


def _is_known_for(profile: Profile, dimension: str, slug: str) -> bool:
    """Whether the group declares a tag, or its earlier entries earned it."""
    declared: frozenset[str] = getattr(profile, f"{dimension}s")
    return slug in declared or profile.learned.get((dimension, slug), 0.0) > 0


def _is_explicit(seen: Reading, dimension: str, slug: str) -> bool:
    """Whether a text itself says so: by one strong phrase, or two usual ones."""
    claims = {
        found.hit.phrase: found.hit.claims.get(slug, 0.0) for found in seen.found.get(dimension, ())
    }
    return max(claims.values(), default=0.0) >= _STRONG or (
        sum(weight >= _USUAL for weight in claims.values()) > 1
    )


def _evidence(seen: Reading, dimension: str, slug: str) -> tuple[Evidence, ...]:
    """The phrases that speak for a tag, each once, the strongest first.

    Those that weigh little beside the strongest are left out: « ans » convinces nobody of
    anything that « scène ouverte » says.
    """
    strongest: dict[str, tuple[float, Found]] = {}
    heaviest = 0.0
    for found in seen.found.get(dimension, ()):
        weight = found.hit.claims.get(slug, 0.0)
        heaviest = max(heaviest, weight)
        if weight > 0 and found.hit.phrase not in strongest:
            strongest[found.hit.phrase] = (weight, found)
    ranked = sorted(
        (pair for pair in strongest.values() if pair[0] >= heaviest * _TELLING),
        key=lambda pair: -pair[0] * (reading.TITLE_BOOST if pair[1].field == "title" else 1.0),
    )
    return tuple(
        _quoted(seen, found.field, found.hit.start, found.hit.end)
        for _, found in ranked[:_MAX_EVIDENCE]
    )


def _quoted(seen: Reading, field: str, start: int, end: int) -> Evidence:
    written = seen.title if field == "title" else seen.text
    return Evidence(field, start, end, written[start:end])


def _area(place: Place, seen: Reading) -> TagFound:
    spans: Sequence[tuple[str, Iterable[tuple[int, int]]]] = (
        ("title", place.in_title),
        ("text", place.in_text),
    )
    evidence = [_quoted(seen, field, start, end) for field, found in spans for start, end in found]
    return TagFound("area", place.slug, "text", place.weight, tuple(evidence[:_MAX_EVIDENCE]))
