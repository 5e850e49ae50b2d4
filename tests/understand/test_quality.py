"""Understanding keeps the quality that was measured: the gate of `bench.tagging`, as a test."""

from pathlib import Path

import pytest

from bench import tagging

DATA = Path("../shared/tagging")


@pytest.mark.slow
@pytest.mark.corpora
@pytest.mark.skipif(not DATA.exists(), reason="the labelled texts are not beside the repository")
def test_every_figure_stays_above_its_floor() -> None:
    found, _, _ = tagging.figures(DATA)
    assert {name: value for name, value in found.items() if value < tagging.FLOORS[name]} == {}
