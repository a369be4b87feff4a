"""The wording that ships: layouts shared by all, and one file of sentences per kind of message.

A source is put together once: every `«name»` of a layout is replaced by the kind's words, else by the common words,
else by the layout of that name. What comes out is one complete template that names nothing else, so that a tenant can
take it as it stands and change it.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from opscopilot.notifications.wording.model import SHIPPED_LOCALES, Wording, form_of

_MARK = re.compile('«("?)([a-z_]+)"?»')
_PACKAGE = resources.files(__package__)
_OF_ANY = ("kind", "at_stake", "by", "advice")
"""Words that depend on the alert in a message that may be about one of any type: facts bring them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How an alert type is named in one language, what its amount means, and what its reader should do first."""

    label: str
    at_stake: str
    by: str
    advice: str
    observed: str
    observed_as: str


@lru_cache(maxsize=32)
def _words(name: str) -> dict[str, Any]:
    return tomllib.loads((_PACKAGE / "words" / f"{name}.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=128)
def _layout(name: str) -> str | None:
    file = _PACKAGE / "layout" / f"{name}.j2"
    return file.read_text(encoding="utf-8").removesuffix("\n") if file.is_file() else None


def _shipped_locale(locale: str) -> str:
    return locale if locale in SHIPPED_LOCALES else "en"


def common(locale: str) -> dict[str, Any]:
    """Words that every message shares, in that language or in English."""
    found: dict[str, Any] = _words("common")[_shipped_locale(locale)]
    return found


@lru_cache(maxsize=64)
def kind(alert_type: str, locale: str) -> Kind:
    """The words of an alert type, in that language or in English."""
    file = _words(alert_type)
    own = file[_shipped_locale(locale)]
    return Kind(own["kind"], own["at_stake"], own["by"], own["advice"], own["observed"], file["observed_as"])


@lru_cache(maxsize=512)
def shipped(code: str, channel: str, locale: str) -> Wording:
    """The complete template that ships for a kind of message, in that language or in English."""
    form = form_of(channel)
    return _composed(code, form, _shipped_locale(locale))


@lru_cache(maxsize=256)
def _composed(code: str, form: str, locale: str) -> Wording:
    composer = _Composer(code, locale)
    body = composer.fill({"slack": "«slack»", "sms": "«sms»"}.get(form, "«text»"))
    html = composer.fill("«frame»") if form == "email" else None
    return Wording(composer.fill("«subject»"), body, html)


@dataclass(frozen=True)
class _Composer:
    """Fills the layouts with the words of one kind in one language."""

    code: str
    locale: str

    def fill(self, source: str) -> str:
        """`source` with every mark replaced, also those that come in with a replacement."""
        return _MARK.sub(lambda found: self.fill(self._value(found[2], quoted=bool(found[1]))), source)

    def _value(self, name: str, *, quoted: bool) -> str:
        file = _words(self.code)
        text = file[self.locale].get(name)
        if text is None and name in _OF_ANY and file.get("about_any"):
            return name if quoted else f"{{{{ {name} }}}}"
        if text is None:
            text = common(self.locale).get(name)
        if text is not None:
            return json.dumps(text, ensure_ascii=False) if quoted else str(text)
        kinds = (file.get("layout", "alert"), "alert")
        layouts = (_layout(one) for one in (*(f"{kind}.{name}" for kind in kinds), name, f"{name}.html"))
        found = next((one for one in layouts if one is not None), None)
        if found is None:
            raise LookupError(f"wording of {self.code} in {self.locale}: nothing is called «{name}»")
        return found
