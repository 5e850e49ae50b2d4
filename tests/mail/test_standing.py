"""What receivers find in the DNS about us is told before they refuse our letters."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dns.exception
import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.doctor import mail as doctor
from aggregator.errors import SettingsError
from aggregator.mail import standing
from aggregator.mail.standing import Verdict
from aggregator.settings import Settings, read_settings

KEY = base64.b64encode(b"k" * 294).decode()
WELL = {
    "fil.example": ["google-site-verification=x", "v=spf1 mx -all"],
    "mail2026._domainkey.fil.example": [f"v=DKIM1; k=rsa; p={KEY}"],
    "_dmarc.fil.example": ["v=DMARC1; p=quarantine"],
}


def _settings(**options: Any) -> Settings:
    values = {"mail_from": "Le fil <fil@fil.example>", "dkim_selector": "mail2026"}
    return read_settings(secret_key="k" * 32, _env_file=None, **(values | options))


@pytest.fixture
def found() -> Callable[..., list[Verdict]]:
    """The verdicts over a DNS that holds `WELL` but for what a test says."""

    def make(changes: Mapping[str, Sequence[str] | None] = {}, **options: Any) -> list[Verdict]:
        records: dict[str, Sequence[str] | None] = {**WELL, **changes}
        return list(standing.verdicts(_settings(**options), lambda name: records.get(name, [])))

    return make


def test_a_domain_that_is_well_set_up_has_nothing_to_mend(
    found: Callable[..., list[Verdict]],
) -> None:
    assert [verdict.is_good for verdict in found()] == [True, True, True]


@pytest.mark.parametrize(
    ("name", "records", "says"),
    [
        ("fil.example", [], "no SPF record"),
        ("fil.example", ["v=spf10 -all"], "no SPF record"),
        ("fil.example", ["v=spf1 -all", "v=spf1 mx -all"], "2 SPF records"),
        ("fil.example", ["v=spf1 +all"], "lets everybody send"),
        ("fil.example", ["v=spf1 mx all"], "lets everybody send"),
        ("fil.example", None, "could not be asked"),
        ("mail2026._domainkey.fil.example", [], "has no record"),
        ("mail2026._domainkey.fil.example", [f"p={KEY}"] * 2, "has 2 records"),
        ("mail2026._domainkey.fil.example", ["v=DKIM1; p="], "revoked"),
        ("mail2026._domainkey.fil.example", ["v=DKIM1; k=rsa"], "is none"),
        ("mail2026._domainkey.fil.example", [f"v=DKIM2; p={KEY}"], "is none"),
        ("mail2026._domainkey.fil.example", ["v=DKIM1; p=é"], "no base64"),
        ("mail2026._domainkey.fil.example", ["v=DKIM1; p=" + KEY[:216]], "2048 bits"),
        ("mail2026._domainkey.fil.example", [f"k=ed25519; p={KEY}"], "no Ed25519 key"),
        ("mail2026._domainkey.fil.example", [f"k=dsa; p={KEY}"], "k=dsa"),
        ("mail2026._domainkey.fil.example", [f"s=tlsrpt; p={KEY}"], "not for e-mail"),
        ("mail2026._domainkey.fil.example", [f"t=s:y; p={KEY}"], "marked as a test"),
        ("mail2026._domainkey.fil.example", None, "could not be asked"),
        ("_dmarc.fil.example", ["v=DMARC1; p=maybe"], "no p= that counts"),
        ("_dmarc.fil.example", ["v=DMARC1; p=none"] * 2, "several"),
        ("_dmarc.fil.example", [], "no DMARC record"),
        ("_dmarc.fil.example", None, "could not be asked"),
    ],
)
def test_each_fault_of_a_record_is_told_with_its_remedy(
    found: Callable[..., list[Verdict]], name: str, records: Sequence[str] | None, says: str
) -> None:
    (fault,) = [verdict for verdict in found({name: records}) if not verdict.is_good]
    assert says in fault.says
    assert fault.remedy


def test_a_key_may_be_an_ed25519_one_or_leave_out_its_version(
    found: Callable[..., list[Verdict]],
) -> None:
    ed25519 = base64.b64encode(b"e" * 32).decode()
    name = "mail2026._domainkey.fil.example"
    for record in (f"k=ed25519; p={ed25519}", f"p={KEY[:40]} {KEY[40:]};"):
        assert all(verdict.is_good for verdict in found({name: [record]}))


def test_without_a_selector_it_is_said_where_to_find_it(
    found: Callable[..., list[Verdict]],
) -> None:
    (fault,) = [verdict for verdict in found(dkim_selector=None) if not verdict.is_good]
    assert "FILCOMMUN_DKIM_SELECTOR" in fault.remedy


def test_spf_is_asked_of_the_domain_that_bounces_go_to(
    found: Callable[..., list[Verdict]],
) -> None:
    (fault,) = [one for one in found(mail_bounces="retours@back.example") if not one.is_good]
    assert fault.says == "back.example has no SPF record."


def test_dmarc_of_the_domain_above_counts_too(found: Callable[..., list[Verdict]]) -> None:
    told = found(
        {"lettres.fil.example": ["v=spf1 a -all"],
         "mail2026._domainkey.lettres.fil.example": [f"p={KEY}"]},
        mail_from="fil@lettres.fil.example",
    )  # fmt: skip
    assert all(verdict.is_good for verdict in told)


def test_nobody_takes_mail_from_localhost(found: Callable[..., list[Verdict]]) -> None:
    (fault,) = found(mail_from="Fil commun <ne-pas-repondre@localhost>")
    assert "FILCOMMUN_MAIL_FROM" in fault.remedy


@given(st.text(max_size=200))
def test_any_record_is_read(record: str) -> None:
    assert len(list(standing.verdicts(_settings(), lambda _: [record]))) == 3


def test_no_record_is_told_apart_from_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Exception] = [dns.resolver.NXDOMAIN(), dns.exception.Timeout()]

    def resolve(*_: object, **__: object) -> None:
        raise answers.pop(0)

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    assert standing.texts("fil.example") == []
    assert standing.texts("fil.example") is None


@pytest.mark.parametrize("selector", ["", "a b", "mail._domainkey.fil.example/x", "é"])
def test_a_selector_that_is_none_ends_the_start_with_a_sentence(selector: str) -> None:
    with pytest.raises(SettingsError, match="FILCOMMUN_DKIM_SELECTOR"):
        _settings(dkim_selector=selector)


def test_the_doctor_tries_the_server_and_tells_what_the_dns_says(
    post_office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "texts", lambda name: WELL.get(name, []))
    url = f"smtp://127.0.0.1:{post_office.port}"
    told = list(doctor.server(_settings(smtp_url=url, contact="contact@fil.example")))
    assert [(finding.subject, finding.level) for finding in told] == [
        ("mail", "good"),
        ("sender", "good"),
        ("sender", "good"),
        ("sender", "good"),
    ]
    assert post_office.received == []


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_the_doctor_finds_out_that_a_server_would_refuse_our_letters(
    post_office: Any, command: str
) -> None:
    post_office.answers[command] = lambda address: f"550 5.7.1 Not for you: {address}"
    (fault,) = doctor.server(
        _settings(
            smtp_url=f"smtp://127.0.0.1:{post_office.port}",
            contact="contact@fil.example",
            mail_bounces="retours@fil.example",
        )
    )
    assert (fault.level, "5.7.1 Not for you" in fault.says) == ("fault", True)
    assert "FILCOMMUN_MAIL_FROM" in fault.remedy


def test_the_doctor_says_why_a_server_cannot_be_used() -> None:
    (fault,) = doctor.server(_settings(smtp_url="smtp://127.0.0.1:1"))
    assert (fault.subject, fault.level) == ("mail", "fault")
    assert "FILCOMMUN_SMTP_URL" in fault.remedy
    (advice,) = doctor.server(_settings())
    assert advice.level == "advice"
