"""Is a template good? Said before it is saved: which field, which line, what is wrong and what would be right."""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import TemplateAssertionError

from opscopilot.notifications.wording import sms
from opscopilot.notifications.wording.model import Wording, form_of
from opscopilot.notifications.wording.printable import one_line
from opscopilot.notifications.wording.rendering import FAULTS, MAX_SUBJECT
from opscopilot.notifications.wording.samples import known_variables, sample_facts
from opscopilot.notifications.wording.sandbox import FILTERS, HTML, TEXT, run, unsafe

MAX_SOURCE = {"subject": 2000, "body": 20_000, "body_html": 60_000}
"""Characters of a template's source."""
MAX_TEXT = 20_000
MAX_HTML = 100_000
"""Characters of what comes out. Mailboxes hide the end of a mail beyond 102 KB."""
_ACTIVE = re.compile(
    r"<\s*(script|iframe|object|embed|form|link|base|meta\s+http-equiv)\b|\son[a-z]+\s*=", re.IGNORECASE
)
_UNQUOTED = re.compile(r"=\s*\{\{")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a template. `line` counts from 1; None where it is about the whole."""

    field: str
    line: int | None
    detail: str
    expected: str
    value: str = ""


def faults(code: str, channel: str, locale: str, wording: Wording) -> list[Fault]:
    """Everything that is wrong with a template; empty when it can be used. It is tried against made-up alerts of its
    kind, one with as little and one with as much as an alert can have."""
    given = {"subject": wording.subject, "body": wording.body}
    if wording.body_html is not None:
        given["body_html"] = wording.body_html
    found = [fault for field, source in given.items() for fault in _of_source(code, field, source)]
    if wording.body_html is not None and form_of(channel) != "email":
        found.append(Fault("body_html", None, f"{channel} has no HTML body.", "leave it out; only email has one"))
    if found:
        return found
    tried = (_of_result(code, channel, locale, field, source) for field, source in given.items())
    return [fault for fault in tried if fault is not None]


def _of_source(code: str, field: str, source: str) -> Iterator[Fault]:
    html, longest = field == "body_html", MAX_SOURCE[field]
    if len(source) > longest:
        yield Fault(field, None, f"{len(source)} characters are too long.", f"at most {longest} characters")
        return
    if not source.strip():
        yield Fault(field, None, f"The {field} is missing.", "a text such as '{{ headline }}'")
        return
    env = HTML if html else TEXT
    try:
        tree = env.parse(source)
        fault = unsafe(tree)
        if fault is not None:
            line, what, instead = fault
            yield _at(source, field, line, f"{what[0].upper()}{what[1:]}.", instead)
        yield from _unknown(code, field, source, tree)
        env.compile(source)
    except TemplateAssertionError as error:
        yield _at(source, field, error.lineno, f"{error.message}", f"one of the filters {', '.join(FILTERS)}")
    except TemplateSyntaxError as error:
        yield _at(source, field, error.lineno, f"{error.message}", "{{ a fact }}, {% if … %} with its {% endif %}, {% for … %} with its {% endfor %}")  # fmt: skip
    except (RecursionError, MemoryError, ValueError, OverflowError):
        yield Fault(field, None, "The template is nested too deeply.", "a simpler one")
    if html:
        yield from _markup(field, source)


def _unknown(code: str, field: str, source: str, tree: nodes.Template) -> Iterator[Fault]:
    known = known_variables(code)
    used = meta.find_undeclared_variables(tree) | {one.name for one in tree.find_all(nodes.Name)} & {"self", "super"}
    for name in sorted(used - set(known)):
        line = min((one.lineno for one in tree.find_all(nodes.Name) if one.name == name), default=1)
        close = difflib.get_close_matches(name, known, 1)
        hint = f"'{close[0]}', or another" if close else "one"
        yield _at(source, field, line, f"There is no fact called '{name}'.", f"{hint} of: {', '.join(known)}")


def _markup(field: str, source: str) -> Iterator[Fault]:
    for number, line in enumerate(source.splitlines(), 1):
        if active := _ACTIVE.search(line):
            yield _at(source, field, number, f"'{active[0].strip()}' cannot be used in a mail.", "markup without scripts, forms and frames")  # fmt: skip
        if _UNQUOTED.search(line):
            yield _at(source, field, number, "A fact stands in an attribute without quotes.", '="{{ … }}" with quotes, so that its text cannot become markup')  # fmt: skip


def _of_result(code: str, channel: str, locale: str, field: str, source: str) -> Fault | None:
    for full in (False, True):
        which = "with everything" if full else "with nothing but a title and a message"
        known = sample_facts(code, locale, full=full)
        try:
            text = run(source, known, html=field == "body_html")
        except FAULTS as error:
            return failed(code, field, source, error, which)
        fault = _too_little_or_much(channel, field, source, text, known)
        if fault is not None:
            detail, expected = fault
            return Fault(field, None, f"For an alert {which}: {detail}.", expected)
    return None


def _too_little_or_much(
    channel: str, field: str, source: str, text: str, known: dict[str, Any]
) -> tuple[str, str] | None:
    if not text.strip():
        return f"the {field} is empty", "a text for every alert, also for one without amount, deadline and link"
    if field == "subject" and len(one_line(text, 10 * MAX_SUBJECT)) > MAX_SUBJECT:
        return "the subject is too long", f"at most {MAX_SUBJECT} characters"
    if field == "body" and form_of(channel) == "sms" and not sms.fits(lambda shown: run(source, shown), known):
        return (
            "the text is too long",
            f"at most {sms.MAX_SEGMENTS} segments: 306 characters, 134 beyond the GSM alphabet",
        )
    longest = MAX_HTML if field == "body_html" else MAX_TEXT
    return (f"{len(text)} characters come out", f"at most {longest} characters") if len(text) > longest else None


def failed(code: str, field: str, source: str, error: Exception, which: str) -> Fault:
    """What went wrong while rendering, and where: Jinja leaves the template's own line in the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    line = next((one.lineno for one in reversed(frames) if one.filename == "<template>"), None)
    if isinstance(error, TemplateSyntaxError):
        line = error.lineno
    expected = "{% if fact %} around what not every alert has"
    if isinstance(error, UndefinedError):
        expected = f"one of: {', '.join(known_variables(code))}, and their parts as docs/templates.md lists them"
    detail = error.message if isinstance(error, TemplateError) and error.message else f"{type(error).__name__}: {error}"
    return _at(source, field, line or 1, f"For an alert {which}: {detail}", expected)


def _at(source: str, field: str, line: int, detail: str, expected: str) -> Fault:
    lines = source.splitlines() or [""]
    return Fault(field, line, detail, expected, lines[min(line, len(lines)) - 1].strip()[:200])
