"""All settings, frozen, each good for a laptop; a wrong one ends the start with a sentence.

Read once, in `main`, from the environment (`FILCOMMUN_*`) and `.env`. Knows no other room.
"""

from __future__ import annotations

import os
import re
import secrets
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from aggregator.errors import SettingsError


def _http_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write it as http:// or https://, a host, and at most a path")
    _require_port(value)
    return value.rstrip("/")


def _smtp_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"smtp", "smtps", "smtp+starttls"} or not parts.hostname:
        raise ValueError("write it as smtp://, smtps:// or smtp+starttls://, [user:password@]host")
    _require_port(value)
    return value


def _require_port(address: str) -> None:
    """Raise ValueError where what stands after the host is no port."""
    try:
        if urlsplit(address).port == 0:
            raise ValueError
    except ValueError as error:
        raise ValueError("the port is a number from 1 to 65535") from error


def _sender(value: str) -> str:
    address = _mailbox(parseaddr(value)[1])
    if value.rstrip(">").endswith(address):
        return value
    raise ValueError("write it as `Name <name@domain>`")


def _mailbox(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;:]+@[^@\s<>,;:]+", value):
        raise ValueError("write it as name@domain")
    return value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("write it in one line")
    return value


def _database_address(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("write it as sqlite:///file.db or postgresql://user:password@host/name")
    if value in {"sqlite:///", "sqlite:///:memory:"}:
        raise ValueError("name a file: several processes share it")
    return value.replace("postgresql://", "postgresql+psycopg://", 1)


def _index_address(value: str) -> str:
    starts = ("whoosh:", "tantivy:", "opensearch+http://", "opensearch+https://")
    if not value.startswith(starts) or value in starts:
        raise ValueError(
            "write it as whoosh:FOLDER, tantivy:FOLDER or opensearch+https://host:9200/index"
        )
    return value


def _selector(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,3}", value):
        raise ValueError("write it as it stands before ._domainkey, such as `mail2026`")
    return value


def _secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 32:
        raise ValueError("use at least 32 random characters, for example `openssl rand -hex 32`")
    return value


def _own_address(fields: dict[str, object]) -> str:
    """Where the portal is read when nobody says another address: this machine, at its port."""
    return f"http://127.0.0.1:{fields['port']}"


def _kept_key(file: Path) -> SecretStr:
    """The key in `file`, made on first use; several processes at once agree on one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new:
                new.write(secrets.token_hex(32))
        except FileExistsError:
            pass
        return SecretStr(file.read_text().strip())
    except OSError as error:
        raise SettingsError(
            f"The secret key cannot be kept in {file}: {error.strerror}. Make the folder "
            "writable, or set FILCOMMUN_SECRET_KEY."
        ) from error


class Settings(BaseSettings):
    """What an operator may set; `docs/operators.md` explains each, and a test holds it to that."""

    model_config = SettingsConfigDict(
        env_prefix="FILCOMMUN_",
        env_file=".env",
        env_ignore_empty=True,  # `FILCOMMUN_SMTP_URL=` says that there is none
        extra="ignore",
        frozen=True,
    )

    database_url: Annotated[str, AfterValidator(_database_address)] = "sqlite:///filcommun.db"
    """Where everything is kept."""
    index_url: Annotated[str, AfterValidator(_index_address)] = "whoosh:indexes/"
    """Which search engine, and where its derived data lie."""
    host: str = "127.0.0.1"
    """The address the portal listens on."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """The port the portal listens on."""
    base_url: Annotated[str, AfterValidator(_http_address)] = Field(default_factory=_own_address)
    """The portal's public address, as readers type it; a path is allowed."""
    secret_file: Path = Path("data/secret-key")
    """Where the secret key lies when it is not set, readable by its owner alone."""
    secret_key: Annotated[SecretStr, AfterValidator(_secret)] = Field(
        default_factory=lambda fields: _kept_key(fields["secret_file"])
    )
    """Signs links and sessions; one is made and kept in the secret file when it is not set."""
    smtp_url: Annotated[str, AfterValidator(_smtp_address)] | None = None
    """The mail server; without it no mail leaves and the forms say so."""
    mail_from: Annotated[str, AfterValidator(_sender)] = "Fil commun <ne-pas-repondre@localhost>"
    """The sender of every mail."""
    mail_bounces: Annotated[str, AfterValidator(_mailbox)] | None = None
    """A mailbox that takes `name+anything@domain`, for mails that come back; None: they come back
    to the sender and are not read."""
    dkim_selector: Annotated[str, AfterValidator(_selector)] | None = None
    """The selector that the mail server signs with (DKIM); `doctor` looks for its key."""
    mail_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    """Mails to one domain in a minute, at the most."""
    mail_connections: Annotated[int, Field(ge=1, le=20)] = 4
    """Connections to the mail server at once, at the most."""
    contact: Annotated[str, AfterValidator(_one_line)] = "contact@localhost"
    """Who answers for this portal: shown on pages, sent in every request's User-Agent."""
    sources_file: Path = Path("sources.yaml")
    """The inventory that `run` and `sources sync` read."""
    media_folder: Path = Path("data/media")
    """Pictures fetched, re-encoded and served by us."""
    backup_folder: Path | None = None
    """Where the nightly backup goes; None for no nightly backup."""
    allow_private_networks: bool = False
    """Let the fetcher reach loopback and private addresses: in the demo and in tests only."""
    shortest_interval: Annotated[int, Field(ge=1, le=86400)] = 900
    """Seconds between two visits of a source at the least; the demo lowers it."""
    crawl_concurrency: Annotated[int, Field(ge=1, le=256)] = 32
    """Exchanges at once over all hosts; one host never gets two at once."""
    portal_processes: Annotated[int, Field(ge=1, le=64)] = 2
    """How many processes serve pages."""
    trusted_proxies: Annotated[int, Field(ge=0, le=5)] = 0
    """How many proxies stand before the portal (X-Forwarded-* is believed that many times)."""
    heartbeat_url: Annotated[str, AfterValidator(_http_address)] | None = None
    """Asked for every minute while the worker is well (a dead man's switch)."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """From what level on the log is written."""


def read_settings(**overrides: object) -> Settings:
    """The settings of this process; raises SettingsError with every fault in it."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        faults = "; ".join(
            f"FILCOMMUN_{name} is {_shown(name, fault.get('input'))}: "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
            for name in ["_".join(map(str, fault["loc"])).upper()]
            # What is made from a wrong setting is no fault of its own.
            if fault["type"] != "default_factory_not_called"
        )
        raise SettingsError(f"Wrong settings: {faults}.") from error


def _shown(name: str, value: object) -> str:
    """A wrong value as the sentence about it may show it, and a log keep it: without passwords."""
    if name == "SECRET_KEY":
        return "no good"
    return repr(re.sub(r"//[^@]*@", "//…@", str(value))[:80])
