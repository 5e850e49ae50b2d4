"""Hatch's hook: a wheel carries its message catalogues compiled."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface):  # type: ignore[type-arg]  # a generic only in stubs
    """Runs `web/catalogues.py`, which needs nothing of the project itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before hatch gathers the files."""
        runpy.run_path(str(Path(self.root) / "web" / "catalogues.py"))["compile_catalogues"]()
