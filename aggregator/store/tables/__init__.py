"""All tables in one place to import from; each file of this folder holds one subject's."""

from aggregator.store.tables.base import Base, Instant
from aggregator.store.tables.crawling import Crawl, Host, HostDay, HubLease, Picture, Reading
from aggregator.store.tables.inventory import RIGHTS, STATUSES, Group, GroupTag, Source
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
from aggregator.store.tables.upkeep import JobRun

__all__ = [
    "RHYTHMS",
    "RIGHTS",
    "STATUSES",
    "Base",
    "Crawl",
    "Entry",
    "EntryTag",
    "EntryVersion",
    "Group",
    "GroupTag",
    "Host",
    "HostDay",
    "HubLease",
    "Instant",
    "Issue",
    "JobRun",
    "Letter",
    "MailDomain",
    "Match",
    "Picture",
    "Reading",
    "Source",
    "Story",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Token",
]
