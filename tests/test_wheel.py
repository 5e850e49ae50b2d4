"""The wheel holds all that the program needs: templates, catalogues, taxonomy, migrations."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INVENTORY = """version: 1
groups:
  - slug: lilas-a-velo
    name: Lilas à vélo
    home: http://127.0.0.1:9/
    sources:
      - url: http://127.0.0.1:9/feed
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`filcommun` from a wheel, in an environment that knows nothing of this checkout.

    The libraries are lent by the environment that runs the tests.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)]
    subprocess.run([*pip, *build], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    (wheel,) = folder.glob("filcommun-*.whl")
    install = ["--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True)
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    lent = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "lent.pth").write_text(lent)
    # As some installers unpack it, and as a service's user finds it: the text newer than what was
    # compiled of it, and nothing to be written.
    for text in packages.glob("web/translations/*/LC_MESSAGES/messages.po"):
        os.utime(text)
        text.parent.chmod(0o555)
    return python.parent / "filcommun"


@pytest.fixture
def portal(program: Path, tmp_path: Path) -> Iterator[str]:
    """Its portal, started in an empty folder."""
    port = _free_port()
    environment = _environment(port)
    subprocess.run([program, "db", "upgrade"], check=True, cwd=tmp_path, env=environment)
    served = subprocess.Popen([program, "serve"], cwd=tmp_path, env=environment)
    address = f"http://127.0.0.1:{port}"
    _wait_for(f"{address}/healthz")
    yield address
    served.terminate()
    served.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    address = f"http://127.0.0.1:{port}"
    return kept | {"FILCOMMUN_PORT": str(port), "FILCOMMUN_BASE_URL": address}


def _wait_for(url: str) -> None:
    for _ in range(150):
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.URLError:
            time.sleep(0.2)
    raise TimeoutError(url)


def _read(url: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        return str(answer.read().decode())


@pytest.mark.slow
def test_an_installed_wheel_serves_pages_in_both_languages(portal: str) -> None:
    assert 'lang="fr"' in _read(f"{portal}/")
    assert 'lang="en"' in _read(f"{portal}/?lang=en", **{"Accept-Language": "en"})
    assert "Logement et habitat" in _read(f"{portal}/themes/logement")
    assert "openapi" in _read(f"{portal}/api/v1/openapi.json")


@pytest.mark.slow
def test_an_installed_wheel_brings_an_inventory_without_fault(
    program: Path, tmp_path: Path
) -> None:
    (inventory,) = (program.parents[1] / "lib").glob(
        "python*/site-packages/aggregator/registry/sources.yaml"
    )
    checked = [program, "sources", "check", inventory]
    done = subprocess.run(checked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_an_installed_wheel_runs_and_stops_cleanly(program: Path, tmp_path: Path) -> None:
    # An inventory of its own: tests must not ask real sites.
    (tmp_path / "sources.yaml").write_text(INVENTORY)
    port = _free_port()
    running = subprocess.Popen([program, "run"], cwd=tmp_path, env=_environment(port))
    _wait_for(f"http://127.0.0.1:{port}/groupes/lilas-a-velo")
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=30) == 0
