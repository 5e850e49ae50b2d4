"""All tables in one place to import from; each file of this folder holds one subject's."""

from aggregator.store.tables.base import Base, Instant
from aggregator.store.tables.crawling import Crawl, Host, HostDay, HubLease, Picture, Reading
from aggregator.store.tables.deciding import (
    Amendment,
    Approval,
    Hold,
    Lesson,
    LexiconEdit,
    Moderator,
    Rate,
    Rule,
)
from aggregator.store.tables.exchange import KeptMap, Mirror, Record
from aggregator.store.tables.inventory import RIGHTS, STATUSES, Group, GroupTag, Source
from aggregator.store.tables.joining import Keeper, Ownership, Registration
from aggregator.store.tables.leaving import Suppression
from aggregator.store.tables.news import Entry, EntryTag, EntryVersion, Story
from aggregator.store.tables.post import Letter, Token
from aggregator.store.tables.subscribers import (
    RHYTHMS,
    Issue,
    MailDomain,
    Match,
    Subscriber,
    Subscription,
)
from aggregator.store.tables.upkeep import DailyFigure, JobRun
from aggregator.store.tables.workshops import HelpRequest, Snapshot, Workshop

__all__ = [
    "RHYTHMS",
    "RIGHTS",
    "STATUSES",
    "Amendment",
    "Approval",
    "Base",
    "Crawl",
    "DailyFigure",
    "Entry",
    "EntryTag",
    "EntryVersion",
    "Group",
    "GroupTag",
    "HelpRequest",
    "Hold",
    "Host",
    "HostDay",
    "HubLease",
    "Instant",
    "Issue",
    "JobRun",
    "Keeper",
    "KeptMap",
    "Lesson",
    "Letter",
    "LexiconEdit",
    "MailDomain",
    "Match",
    "Mirror",
    "Moderator",
    "Ownership",
    "Picture",
    "Rate",
    "Reading",
    "Record",
    "Registration",
    "Rule",
    "Snapshot",
    "Source",
    "Story",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Token",
    "Workshop",
]
