"""Message catalogues, compiled. Knows only Babel, so that the wheel's build can run it too."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

TRANSLATIONS = Path(__file__).parent / "translations"


def compile_catalogues(folder: Path = TRANSLATIONS) -> list[Path]:
    """Write each `messages.mo` that is older than its `messages.po`; the files written.

    An installed package, which its user may not write, came compiled, whatever the order in which
    its files were unpacked: what is there is used.
    """
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and (
            compiled.stat().st_mtime >= source.stat().st_mtime
            or not os.access(compiled.parent, os.W_OK)
        ):
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name)
        # Beside, then renamed: a portal process that starts meanwhile reads the old or the new.
        # Each under a name of its own, since the first start compiles in several processes.
        with NamedTemporaryFile(dir=compiled.parent, suffix=".new", delete=False) as beside:
            write_mo(beside, catalogue)
        Path(beside.name).chmod(0o644)
        Path(beside.name).replace(compiled)
        written.append(compiled)
    return written
