"""Links cannot be guessed, changed or spelt otherwise; what they say comes back as it was."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.notifications.links.keys import KeyRing
from opscopilot.notifications.links.signing import ACTIONS, MAX_TOKEN, Link, NotALink, Signer

NOW = datetime(2026, 1, 14, 11, tzinfo=UTC)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def signer(current: str = "k" * 40, previous: str = "") -> Signer:
    return Signer(KeyRing(lambda: f'{{"current": "{current}", "previous": "{previous}"}}'))


def a_link(**changed: object) -> Link:
    base = {"tenant_id": uuid4(), "alert_id": uuid4(), "user_id": str(uuid4()), "action": "acknowledge",
            "expires_at": NOW + timedelta(hours=72), "link_id": uuid4()}  # fmt: skip
    return Link(**{**base, **changed})  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    tenant=st.uuids(), alert=st.uuids(), link=st.uuids(), action=st.sampled_from(ACTIONS),
    user=st.one_of(st.uuids().map(str), st.uuids().map(lambda one: str(one).upper()),
                   st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)),
    seconds=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_link_says_what_it_was_given(
    tenant: UUID, alert: UUID, link: UUID, action: str, user: str, seconds: int
) -> None:
    made = a_link(
        tenant_id=tenant, alert_id=alert, link_id=link, action=action, user_id=user,
        expires_at=datetime.fromtimestamp(seconds, UTC),
    )  # fmt: skip
    token = signer().token(made)
    assert signer().read(token) == made
    assert len(token) <= MAX_TOKEN


def test_a_link_is_short_enough_for_a_line_of_a_mail_and_for_a_text_message() -> None:
    one = a_link()
    address = signer().link("https://ops.example.com/", one.tenant_id, one.alert_id, one.user_id, "snooze", NOW)
    assert address.startswith("https://ops.example.com/api/v1/notify/act/")
    assert len(address.rpartition("/")[2]) == 122


def test_two_links_for_the_same_thing_are_two_links() -> None:
    one = a_link()
    made = {
        signer().link("https://x.example", one.tenant_id, one.alert_id, one.user_id, "snooze", NOW) for _ in range(5)
    }
    assert len(made) == 5


def test_a_change_of_any_character_is_seen() -> None:
    made = signer()
    token = made.token(a_link())
    for at, was in enumerate(token):
        for other in (ALPHABET[(ALPHABET.index(was) + 1) % 64], ALPHABET[(ALPHABET.index(was) + 32) % 64]):
            with pytest.raises(NotALink):
                made.read(token[:at] + other + token[at + 1 :])


def test_a_change_of_any_bit_is_seen() -> None:
    made = signer()
    raw = base64.urlsafe_b64decode(made.token(a_link()) + "==")
    for at in range(len(raw)):
        for bit in range(8):
            changed = raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
            with pytest.raises(NotALink):
                made.read(base64.urlsafe_b64encode(changed).decode().rstrip("="))


@pytest.mark.parametrize("make", [
    lambda token: token[:-1], lambda token: token[:40], lambda token: "", lambda token: token + "A",
    lambda token: token + "=", lambda token: token + "==", lambda token: f" {token}", lambda token: f"{token}\n",
    lambda token: token.replace("A", "A%"), lambda token: "é" * 122, lambda token: "A" * 122, lambda token: "A" * 10**6,
    lambda token: token[::-1], lambda token: token + "." + token, lambda token: "null",
])  # fmt: skip
def test_what_is_not_spelt_as_we_spell_it_is_no_link(make: object) -> None:
    made = signer()
    changed = make(made.token(a_link()))  # type: ignore[operator]
    with pytest.raises(NotALink):
        made.read(changed)


def test_there_is_one_spelling_of_a_link_only() -> None:
    """The last character of base64 carries bits that decoders ignore: four spellings of the same bytes."""
    made = signer()
    token = made.token(a_link(user_id="anna"))
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    others = {token[:-1] + one for one in ALPHABET} - {token}
    same = [one for one in others if base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)) == raw]
    assert same
    for one in same:
        with pytest.raises(NotALink):
            made.read(one)


def test_a_signature_of_the_right_length_by_another_key_or_for_another_purpose_is_none() -> None:
    theirs = signer("x" * 40)
    with pytest.raises(NotALink):
        signer().read(theirs.token(a_link()))
    raw = base64.urlsafe_b64decode(signer().token(a_link()) + "==")
    plain = hmac.new(b"k" * 40, raw[:-16], hashlib.sha256).digest()[:16]  # our key, but signed as something else
    with pytest.raises(NotALink):
        signer().read(base64.urlsafe_b64encode(raw[:-16] + plain).decode().rstrip("="))


def test_while_the_key_changes_links_of_both_work_and_then_the_old_ones_do_not() -> None:
    old = signer("o" * 40).token(a_link())
    both, after = signer("n" * 40, "o" * 40), signer("n" * 40)
    assert both.read(old)
    assert after.read(both.token(a_link()))
    with pytest.raises(NotALink):
        after.read(old)


def test_a_link_works_up_to_its_expiry_and_not_at_it() -> None:
    link = a_link(expires_at=NOW)
    assert not link.expired(NOW - timedelta(microseconds=1))
    assert link.expired(NOW)
    assert link.expired(NOW + timedelta(days=400))


def test_a_repeated_message_carries_the_same_link_id_and_nobody_can_foresee_it() -> None:
    made = signer()
    assert made.steady_id("t", "a") == made.steady_id("t", "a")
    assert len({made.steady_id("t", "a"), made.steady_id("ta"), made.steady_id("t", "b"),
                signer("x" * 40).steady_id("t", "a")}) == 4  # fmt: skip
