"""What a passkey answers is believed when every part of it fits, and refused in one way else."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain import passkeys
from dispatcher.domain.passkeys import MadePasskey, Site, UnusableAnswerError
from tests.fakes.authenticator import MAY_SYNC, PRESENT, VERIFIED, Authenticator, b64

SITE = Site("snp.example.org", "https://snp.example.org", "Relais SNP")
CHALLENGE = bytes(range(32))
OWNER, OTHER = UUID(int=1), UUID(int=2)


def made(authenticator: Authenticator, **lies: Any) -> MadePasskey:
    options = passkeys.creation_options(SITE, CHALLENGE, OWNER, "anne", "Anne", ())
    return passkeys.made(SITE, CHALLENGE, authenticator.create(options, **lies))


def used(authenticator: Authenticator, kept: MadePasskey, **lies: Any) -> passkeys.UsedPasskey:
    answer = authenticator.get(passkeys.request_options(SITE, CHALLENGE), **lies)
    return passkeys.used(SITE, CHALLENGE, answer, OWNER, kept.public_key, kept.sign_count)


def telephone(**changes: Any) -> Authenticator:
    return Authenticator(SITE.origin, **changes)


@pytest.mark.parametrize(
    ("address", "domain", "origin"),
    [
        ("https://snp.example.org", "snp.example.org", "https://snp.example.org"),
        ("https://snp.example.org:8443/", "snp.example.org", "https://snp.example.org:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("http://snp.example.org", None, None),
        ("http://127.0.0.1:8000", None, None),
        ("https://192.0.2.7", None, None),
        ("https://[2001:db8::1]", None, None),
    ],
)
def test_a_site_has_passkeys_where_browsers_allow_them(
    address: str, domain: str | None, origin: str | None
) -> None:
    site = passkeys.site_of(address, "Relais SNP")
    assert (site and site.domain) == domain
    assert (site and site.origin) == origin


def test_both_options_ask_for_the_owner_and_for_no_login() -> None:
    known = b64(b"already there")
    create = passkeys.creation_options(SITE, CHALLENGE, OWNER, "anne", "Anne", [known])
    assert create["authenticatorSelection"]["residentKey"] == "required"
    assert create["authenticatorSelection"]["userVerification"] == "required"
    assert create["attestation"] == "none"
    assert [each["id"] for each in create["excludeCredentials"]] == [known]
    get = passkeys.request_options(SITE, CHALLENGE)
    assert (get["rpId"], get["userVerification"]) == ("snp.example.org", "required")
    assert get["allowCredentials"] == []
    assert get["challenge"] == b64(CHALLENGE)


def test_what_was_made_and_used_says_whether_it_is_copied_and_how_often_it_served() -> None:
    phone, stick = telephone(), telephone(counts=True, flags=PRESENT | VERIFIED)
    assert made(phone).synced
    kept = made(stick)
    assert (kept.synced, kept.sign_count) == (False, 0)
    assert used(phone, made(phone)) == passkeys.UsedPasskey(0, synced=True)
    assert used(stick, kept) == passkeys.UsedPasskey(1, synced=False)


LIES: dict[str, dict[str, Any]] = {
    "of another challenge": {"challenge": b64(b"x" * 32)},
    "of another site's page": {"origin": "https://snp.example.org.pirate.example"},
    "of the same name without TLS": {"origin": "http://snp.example.org"},
    "for another site": {"domain": "pirate.example"},
    "without a verified owner": {"flags": PRESENT | MAY_SYNC},
    "with nobody there": {"flags": VERIFIED | MAY_SYNC},
    "of the other ceremony": {"type": "payment.get"},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_does_not_fit_is_refused(lie: str) -> None:
    with pytest.raises(UnusableAnswerError):
        made(telephone(), **LIES[lie])
    phone = telephone()
    kept = made(phone)
    with pytest.raises(UnusableAnswerError):
        used(phone, kept, **LIES[lie])
    assert used(phone, kept).sign_count == 0


def test_a_signature_of_another_key_and_an_account_of_another_person_are_refused() -> None:
    phone, thief = telephone(), telephone()
    kept = made(phone)
    made(thief)
    with pytest.raises(UnusableAnswerError):
        used(thief, kept)
    with pytest.raises(UnusableAnswerError):
        used(phone, kept, user_handle=OTHER.bytes)
    with pytest.raises(UnusableAnswerError):
        used(phone, kept, signature=b"")


def test_a_counter_that_does_not_go_on_is_a_copy() -> None:
    stick = telephone(counts=True)
    kept = made(stick)
    with pytest.raises(UnusableAnswerError):
        used(stick, MadePasskey(kept.credential_id, kept.public_key, 7, synced=False), count=7)
    assert used(stick, kept, count=8).sign_count == 8


@pytest.mark.parametrize(
    "answer",
    ["", "null", "[]", "7", "{", '{"id": 3}', "{}", "é" * 20_000, "[" * 100_000, '{"response": 1}'],
)
def test_what_is_no_answer_at_all_is_refused(answer: str) -> None:
    with pytest.raises(UnusableAnswerError):
        passkeys.made(SITE, CHALLENGE, answer)
    with pytest.raises(UnusableAnswerError):
        passkeys.used(SITE, CHALLENGE, answer, OWNER, "", 0)


KEPT_BY = telephone()
KEPT = made(KEPT_BY)
CREATED = KEPT_BY.create(passkeys.creation_options(SITE, CHALLENGE, OWNER, "anne", "Anne", ()))
GOT = KEPT_BY.get(passkeys.request_options(SITE, CHALLENGE))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("AAAA"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@given(st.data())
def test_whatever_comes_is_an_answer_or_a_refusal(
    data: st.DataObject,
) -> None:
    whole = json.loads(data.draw(st.sampled_from([CREATED, GOT])))
    part = data.draw(st.sampled_from([whole, whole["response"]]))
    name = data.draw(st.sampled_from(sorted(part)))
    if isinstance(part[name], str) and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(part[name]) - 1))
        part[name] = part[name][:at] + data.draw(st.text(max_size=3)) + part[name][at + 1 :]
    else:
        part[name] = data.draw(JSON)
    answer = json.dumps(whole)
    for read in (
        lambda: passkeys.made(SITE, CHALLENGE, answer),
        lambda: passkeys.used(SITE, CHALLENGE, answer, OWNER, KEPT.public_key, 0),
    ):
        try:
            read()
        except UnusableAnswerError:
            continue
