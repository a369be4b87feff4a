"""The key for links: read late, read again when it was changed, kept when it cannot be read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from opscopilot.notifications.links.keys import Key, KeyRing, NoLinkKey, read_keys

A, B = "a" * 40, "b" * 40


@dataclass
class Vault:
    """A secret that can be changed or go away, and a clock that is moved by hand."""

    text: str | None = json.dumps({"current": A, "previous": ""})
    now: float = 0.0
    reads: list[float] = field(default_factory=list)

    def read(self) -> str:
        self.reads.append(self.now)
        if self.text is None:
            raise OSError("no answer")
        return self.text

    def ring(self) -> KeyRing:
        return KeyRing(self.read, lambda: self.now)


@pytest.mark.parametrize(
    ("text", "found"),
    [(A, [A]), (f" {A}\n", [A]), (json.dumps({"current": A}), [A]), (json.dumps({"current": A, "previous": ""}), [A]),
     (json.dumps({"current": B, "previous": A}), [B, A])],
)  # fmt: skip
def test_a_secret_holds_one_key_or_two(text: str, found: list[str]) -> None:
    assert read_keys(text) == [Key.of(one) for one in found]


@pytest.mark.parametrize("text", ["", "short", "{}", json.dumps({"current": "short"}), json.dumps({"previous": A}),
                                  json.dumps({"current": A, "previous": "short"}), "null", "[]"])  # fmt: skip
def test_what_is_too_short_to_be_a_key_is_refused(text: str) -> None:
    with pytest.raises(NoLinkKey, match="needs 32 characters"):
        read_keys(text)


def test_a_key_is_named_by_itself_and_does_not_show_itself() -> None:
    assert Key.of(A).id != Key.of(B).id
    assert A not in repr(Key.of(A))
    assert len(Key.of(A).id) == 4


def test_the_secret_is_read_when_needed_and_then_every_five_minutes() -> None:
    vault = Vault()
    ring = vault.ring()
    assert vault.reads == []
    for vault.now in (0.0, 1.0, 299.0, 301.0):
        assert ring.current() == Key.of(A)
    assert vault.reads == [0.0, 301.0]


def test_a_link_of_a_new_key_makes_us_look_again_but_made_up_ids_do_not_make_us_look_all_the_time() -> None:
    vault = Vault()
    ring = vault.ring()
    assert ring.current() == Key.of(A)
    vault.text = json.dumps({"current": B, "previous": A})
    for vault.now in (1.0, 5.0, 9.9):
        assert ring.find(b"\0\0\0\0") is None
    assert vault.reads == [0.0]
    vault.now = 10.0
    assert ring.find(Key.of(B).id) == Key.of(B)
    assert ring.find(Key.of(A).id) == Key.of(A)
    assert vault.reads == [0.0, 10.0]


def test_a_known_key_stays_while_the_secret_cannot_be_read() -> None:
    vault = Vault()
    ring = vault.ring()
    assert ring.current() == Key.of(A)
    vault.text, vault.now = None, 1000.0
    assert ring.current() == Key.of(A)
    assert ring.find(Key.of(B).id) is None
    assert vault.reads == [0.0, 1000.0]  # one failure is enough for ten seconds
    vault.text, vault.now = json.dumps({"current": B}), 1011.0
    assert ring.current() == Key.of(B)


def test_without_any_key_there_are_no_links_and_it_is_said_why() -> None:
    vault = Vault(text=None)
    with pytest.raises(NoLinkKey, match="cannot be read"):
        vault.ring().current()
