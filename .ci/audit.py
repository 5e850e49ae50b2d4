"""Ask pip-audit for known vulnerabilities of what is locked, and say plainly what it could not ask.

Ends with 1 on a known vulnerability only: a service that does not answer within SECONDS is told,
and lets CI go on. Usage: audit.py PIP-AUDIT LOCK-FILE
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS = float(os.environ.get("AUDIT_SECONDS", "60"))
"""How long the service may take."""


def audited(program: str, lock: str) -> tuple[list[dict[str, Any]], str]:
    """What pip-audit says of each locked package, and why there is nothing where it says none."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [program, "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
        command += ["-r", lock, "-f", "json", "-o", str(answer)]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return [], f"no answer within {SECONDS:.0f} seconds"
        try:
            return json.loads(answer.read_text())["dependencies"], ""
        except (OSError, ValueError, KeyError):
            said = ended.stderr.strip().splitlines()
            return [], said[-1][:300] if said else f"it ended with status {ended.returncode}"


def main(program: str, lock: str) -> int:
    """Print what is known; the status to end with."""
    packages, why_not = audited(program, lock)
    faults = [package for package in packages if package.get("vulns")]
    asked = [package for package in packages if "skip_reason" not in package]
    for package in faults:
        for fault in package["vulns"]:
            mended = ", ".join(fault.get("fix_versions", ())) or "no version yet"
            print(f"{package['name']} {package['version']}: {fault['id']}, mended in {mended}")
    if faults:
        return 1
    if not packages:
        print(f"NOT AUDITED: the vulnerability service could not be asked: {why_not}.")
        return 0
    if asked:
        print(f"Audited {len(asked)} packages: no known vulnerability.")
    if unknown := len(packages) - len(asked):
        print(f"NOT AUDITED: the vulnerability service knew nothing of {unknown} packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
