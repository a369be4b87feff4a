"""A bad template is refused before it is saved: which field, which line, what is wrong, what would be right."""

from __future__ import annotations

import pytest

from opscopilot.notifications.wording.checking import MAX_SOURCE, faults
from opscopilot.notifications.wording.model import CODES, SHIPPED_LOCALES, Wording
from opscopilot.notifications.wording.shipped import shipped

GOOD = Wording("{{ headline }}", "{{ message }}")


def checked(
    body: str, *, subject: str = "{{ headline }}", html: str | None = None, code: str = "stockout_risk",
    channel: str = "email",
) -> list[tuple[str, int | None, str, str]]:  # fmt: skip
    found = faults(code, channel, "en", Wording(subject, body, html))
    return [(one.field, one.line, one.detail, one.expected) for one in found]


@pytest.mark.parametrize("code", CODES)
def test_every_shipped_template_would_be_taken(code: str) -> None:
    for locale in SHIPPED_LOCALES:
        for channel in ("email", "slack", "sms", "apprise"):
            assert faults(code, channel, locale, shipped(code, channel, locale)) == []


@pytest.mark.parametrize(
    ("body", "line", "detail", "expected"),
    [
        ("a\n{{ amout }}", 2, "There is no fact called 'amout'", "'amount', or another of: about"),
        ("a\nb\n{{ title", 3, "unexpected end of template", "{% endif %}"),
        ("a\n\n{% if title %}x", 3, "Unexpected end of template", "{% endif %}"),
        ("{{ title }}\n{{ title | safe }}", 2, "No filter named 'safe'", "upper"),
        ("\n{{ ''.__class__ }}", 2, "'.__class__' is not part of any fact", "leading underscore"),
        ("x\n{{ links[0]['__class__'] }}", 2, "That index cannot be used", "a name or a whole number"),
        ("x\n{% for letter in message %}.{% endfor %}", 2, "This loop cannot be used", "paragraphs"),
        ("{% for a in links %}{% for b in links %}\n{% for c in links %}x{% endfor %}{% endfor %}{% endfor %}", 2,
         "Loops inside loops inside loops", "at most 2"),
        ("x\n{% set a = 1 %}", 2, "'set' cannot be used", "print, 'if', and 'for'"),
        ("x\n{{ ['', ''] | join(message) }}", 2, "that cannot be given to 'join'", "a number or a short text"),
        ("x\n{{ title | default(message * 2) }}", 2, "cannot be", "print"),
        ("x\n{% for a in [" + "1," * 31 + "] %}{{ a }}{% endfor %}", 2, "that list is too long", "at most 30"),
        ("{% for a in links %}\n{% for b in links %}" + "{{ message }}" * 101 + "{% endfor %}{% endfor %}", 2,
         "says too much", "at most 100 facts"),
        ("x\n{{ self }}", 2, "There is no fact called 'self'", "headline"),
        ("x\n{{ title.upper() }}", 2, "calls cannot be used", "filters"),
        ("x\n{{ title * 9 }}", 2, "'*' cannot be used", "print"),
        ("{% include 'a' %}", 1, "'include' cannot be used", "print"),
        ("{% extends 'a' %}", 1, "'extends' cannot be used", "print"),
        ("{% autoescape false %}{{ title }}{% endautoescape %}", 1, "'autoescape' cannot be used", "print"),
        ("{% macro a() %}{% endmacro %}x", 1, "macros cannot be used", "print"),
        ("x\n{{ figures[0].worth }}", 2, "has no attribute 'worth'", "docs/templates.md"),
        ("x\n\n{{ links[0].url }}", 3, "nothing but a title and a message", "docs/templates.md"),
        ("x\n{{ 1 / 0 }}", 2, "division by zero", "{% if fact %}"),
        ("{% if amount %}x{% endif %}", None, "the body is empty", "also for one without amount"),
        ("  \n ", None, "The body is missing", "{{ headline }}"),
        ("x" * (MAX_SOURCE["body"] + 1), None, "characters are too long", "at most 20000"),
        ("{{" + "(" * 3000 + "}}", None, "nested too deeply", "a simpler one"),
    ],
)  # fmt: skip
def test_a_fault_has_its_line_and_what_would_be_right(body: str, line: int | None, detail: str, expected: str) -> None:
    field, met, said, right = checked(body)[0]
    assert (field, met) == ("body", line)
    assert detail.lower() in said.lower()
    assert expected in right


def test_the_subject_is_needed_and_not_endless() -> None:
    assert checked("x", subject=" ")[0][:3] == ("subject", None, "The subject is missing.")
    assert "too long" in checked("x", subject="y" * 300)[0][2]
    assert checked("x", subject="{{ amount }}")[0][3].startswith("a text for every alert")


@pytest.mark.parametrize(
    ("html", "line", "detail"),
    [
        ("<p>\n<script>x</script>", 2, "'<script' cannot be used"), ("<p onclick='x'>", 1, "'onclick=' cannot be used"),
        ("<p>\n\n<a href={{ link }}>x</a>", 3, "without quotes"), ("<form action='x'>", 1, "'<form' cannot be used"),
        ("<p>{{ title | safe }}", 1, "No filter named 'safe'"), ("", None, "The body_html is missing"),
    ],
)  # fmt: skip
def test_p64_html_stays_a_picture_of_the_facts(html: str, line: int | None, detail: str) -> None:
    field, met, said, _ = checked("x", html=html)[0]
    assert (field, met) == ("body_html", line)
    assert detail in said


def test_only_mail_has_html() -> None:
    assert checked("x", html="<p>x</p>", channel="slack")[0][:2] == ("body_html", None)


def test_a_text_message_has_to_fit_when_names_are_cut() -> None:
    assert checked("{{ headline }} {{ advice }}" + "x" * 150, channel="sms") == []
    assert "too long" in checked("{{ headline }}" + "x" * 310, channel="sms")[0][2]


def test_a_digest_is_tried_against_a_digest() -> None:
    loop = "{% for group in groups %}\n{{ group.nothing }}{% endfor %}"
    field, line, detail, _ = checked(loop, subject="{{ count }}", code="digest")[0]
    assert (field, line) == ("body", 2)
    assert "'nothing'" in detail
    assert checked("{{ title }}", subject="{{ count }}", code="digest")[0][2] == "There is no fact called 'title'."
    assert checked("{% for group in groups %}{{ group.kind }}{% endfor %}", subject="{{ count }}", code="digest") == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = checked("{{ amout }}\n{{ titel }}", subject="{{ x", html="<script>")
    assert [(field, line) for field, line, *_ in found] == [("subject", 1), ("body", 1), ("body", 2), ("body_html", 1)]
