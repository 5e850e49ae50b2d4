"""Settings are good for a laptop as they are, and a wrong one is told in a sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from aggregator.errors import SettingsError
from aggregator.settings import Settings, read_settings


def test_nothing_need_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings()
    assert settings.base_url == "http://127.0.0.1:8000"
    assert not settings.allow_private_networks


def test_the_secret_key_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret-key"
    first, second = read_settings(secret_file=file), read_settings(secret_file=file)
    assert first.secret_key == second.secret_key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_secret_key_is_never_printed(tmp_path: Path) -> None:
    settings = read_settings(secret_file=tmp_path / "key")
    assert settings.secret_key.get_secret_value() not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://localhost/news"),
        ("DATABASE_URL", "sqlite:///"),
        ("INDEX_URL", "lucene:indexes/"),
        ("INDEX_URL", "whoosh:"),
        ("BASE_URL", "news.example"),
        ("BASE_URL", "https://news.example:99999"),
        ("SMTP_URL", "mail.example"),
        ("SMTP_URL", "smtp://mail.example:submission"),
        ("MAIL_FROM", "Fil commun"),
        ("MAIL_FROM", "fil@fil.example, alice@fil.example"),
        ("MAIL_BOUNCES", "retours"),
        ("CONTACT", "contact@fil.example\r\nX-Fil: 1"),
        ("SECRET_KEY", "short"),
        ("PORT", "70000"),
        ("SHORTEST_INTERVAL", "0"),
    ],
)
def test_a_wrong_setting_is_named_in_a_sentence(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILCOMMUN_SECRET_FILE", str(tmp_path / "key"))
    monkeypatch.setenv(f"FILCOMMUN_{name}", value)
    with pytest.raises(SettingsError, match=f"FILCOMMUN_{name}"):
        read_settings()


def test_what_hangs_on_a_wrong_setting_is_not_told_as_one_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FILCOMMUN_PORT", "x")
    with pytest.raises(SettingsError) as raised:
        read_settings()
    assert str(raised.value).count("FILCOMMUN_") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://fil:geheim@db.example/fil"),
        ("SMTP_URL", "smtp://fil:geheim@mail.example:x"),
        ("SECRET_KEY", "geheim"),
    ],
)
def test_a_password_is_not_told_with_what_is_wrong(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FILCOMMUN_{name}", value)
    with pytest.raises(SettingsError) as raised:
        read_settings()
    assert "geheim" not in str(raised.value)


def test_an_empty_setting_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILCOMMUN_SMTP_URL", "")
    assert read_settings(secret_key="-" * 32).smtp_url is None


def test_the_portal_on_another_port_is_told_at_that_address() -> None:
    settings = read_settings(secret_key="-" * 32, port=8123)
    assert settings.base_url == "http://127.0.0.1:8123"


def test_all_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILCOMMUN_PORT", "x")
    monkeypatch.setenv("FILCOMMUN_BASE_URL", "x")
    with pytest.raises(SettingsError, match=r"(?s)PORT.*BASE_URL"):
        read_settings(secret_key="-" * 32)


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="set FILCOMMUN_SECRET_KEY"):
        read_settings(secret_file=tmp_path / "file" / "key")


def test_every_setting_is_in_the_operators_guide() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "operators.md").read_text()
    missing = [name for name in Settings.model_fields if f"`FILCOMMUN_{name.upper()}`" not in guide]
    assert missing == []
