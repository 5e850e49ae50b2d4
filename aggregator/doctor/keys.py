"""Settings that contradict each other, and secrets that are none. Asks nobody."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource
from sqlalchemy import make_url

from aggregator.doctor.finding import Finding
from aggregator.settings import Settings

VARIED = 12
"""Different characters that a random key of 32 has at least (hexadecimal ones have 16)."""
SHORT = 12
"""Characters below which a password that can be tried from outside is called weak."""
_HERE = {"127.0.0.1", "localhost", "::1", None, ""}


def settings_in_use(settings: Settings) -> Iterator[Finding]:
    """Whether the settings fit together; that each is well formed was seen at the start."""
    named = len(settings.model_fields_set)
    yield Finding("settings", "good", f"All are well formed; {named} differ from the defaults.")
    yield from _misspelt()
    is_local = urlsplit(settings.base_url).hostname in _HERE
    if not is_local and settings.trusted_proxies == 0 and settings.host in _HERE:
        yield Finding(
            "proxy", "advice",
            "The portal listens on this machine only and believes no proxy: every reader counts "
            "as one, and limits per reader hit them all.",
            "Set FILCOMMUN_TRUSTED_PROXIES=1 behind nginx or Caddy.",
        )  # fmt: skip
    if settings.backup_folder is None:
        yield Finding(
            "backup", "advice", "No nightly backup is written.",
            "Set FILCOMMUN_BACKUP_FOLDER, on another disk if you can.",
        )  # fmt: skip
    if not settings.sources_file.exists():
        yield Finding(
            "inventory", "advice", f"{settings.sources_file} is not there.",
            "Set FILCOMMUN_SOURCES_FILE, or copy sources.yaml here.",
        )  # fmt: skip


def _misspelt() -> Iterator[Finding]:
    """What is written like a setting, in the environment or in `.env`, and is none."""
    known = [name.upper() for name in Settings.model_fields]
    written = {*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars}
    for name in sorted(name.upper() for name in written):
        prefix, _, own = name.partition("_")
        if prefix == "FILCOMMUN" and own not in known:
            near = difflib.get_close_matches(own, known, 1)
            yield Finding(
                "settings", "advice", f"{name} is no setting and does nothing.",
                f"Is it FILCOMMUN_{near[0]}?" if near else
                "Remove it; docs/operators.md lists them all.",
            )  # fmt: skip


def secrets(settings: Settings) -> Iterator[Finding]:
    """How strong the secrets are, and who can read the files they lie in."""
    faults = [*_weak(settings), *_open_files(settings)]
    yield from faults
    if not faults:
        yield Finding("secrets", "good", "The key is random, and nobody else can read it.")


def _weak(settings: Settings) -> Iterator[Finding]:
    key = settings.secret_key.get_secret_value()
    if len(set(key)) < VARIED:
        yield Finding(
            "secrets", "fault", "FILCOMMUN_SECRET_KEY is not random: links and sessions can be "
            "forged.", "Set it to what `openssl rand -hex 32` says; sessions end.",
        )  # fmt: skip
    database = make_url(settings.database_url)
    if database.host not in _HERE and len(str(database.password or "")) < SHORT:
        yield Finding(
            "secrets", "advice", "The database's password is short, and its server is another "
            "machine.", "Give the database user a long random password.",
        )  # fmt: skip


def _open_files(settings: Settings) -> Iterator[Finding]:
    for file in (settings.secret_file, Path(".env")):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Finding(
                "secrets", "fault", f"Other users of this machine can read or change {file}.",
                f"Run `chmod 600 {file}`.",
            )  # fmt: skip
