"""The events of an EPCIS document, one after the other, whatever its size: JSON-LD, or XML of 1.2 and 2.0."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import ijson
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from opscopilot.staging.epcis.model import TYPES
from opscopilot.staging.refusal import Refused

HEAD = 1 << 16
"""How much of a file is looked at to see whether it is EPCIS."""
_LISTS = ("epcisBody.eventList", "epcisBody.queryResults.resultsBody.eventList", "eventList", "")
_JSON = re.compile(rb'"(EPCISDocument|EPCISQueryDocument|epcisBody)"')
_EVENT = re.compile(rb'"eventTime"\s*:')
_SCHEMA = re.compile(rb'"\$(schema|id|defs)"\s*:')
_OFFSET = re.compile(rb'"eventTimeZoneOffset"\s*:')
_XML = re.compile(rb"<(?:[\w.-]+:)?EPCIS(Query)?Document[\s>]")
_BOM = b"\xef\xbb\xbf"


def is_epcis(head: bytes) -> bool:
    """Whether a file that begins so is an EPCIS document, or a single event."""
    start = head.removeprefix(_BOM).lstrip()
    if start[:1] in (b"{", b"["):
        named = _JSON.search(start) or (_EVENT.search(start) and _OFFSET.search(start))
        return bool(named) and not _SCHEMA.search(start)
    return start[:1] == b"<" and bool(_XML.search(start))


def events(path: Path) -> Iterator[Any]:
    """Every event as a dict in the words of the JSON binding; Refused for a file that breaks off."""
    with path.open("rb") as stream:
        start = stream.read(HEAD).removeprefix(_BOM).lstrip()[:1]
    try:
        yield from _of_xml(path) if start == b"<" else _of_json(path)
    except (ijson.JSONError, ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise Refused(
            "bad_epcis", f"The EPCIS document cannot be read to its end ({type(error).__name__}: {error}). Nothing of "
            "it was taken; send it again whole, without a document type declaration.",
        ) from error  # fmt: skip


def _of_json(path: Path) -> Iterator[Any]:
    found = _list_in(path)
    with path.open("rb") as stream:
        if stream.read(3) != _BOM:
            stream.seek(0)
        yield from ijson.items(stream, found, use_float=False)


def _list_in(path: Path) -> str:
    """Where the events are: the items of a list, or the whole document, which is one event."""
    with path.open("rb") as stream:
        if stream.read(3) != _BOM:
            stream.seek(0)
        for prefix, kind, _value in ijson.parse(stream):
            if kind == "start_array" and prefix in _LISTS:
                return f"{prefix}.item".lstrip(".")
            if prefix == "epcisBody.event" and kind == "start_map":
                return "epcisBody.event"
    with path.open("rb") as stream:
        if b'"epcisBody"' in stream.read(HEAD):
            return "epcisBody.eventList.item"
    return ""


def _of_xml(path: Path) -> Iterator[dict[str, Any]]:
    prefixes: dict[str, str] = {}
    depth: list[Element] = []
    for kind, one in iterparse(str(path), events=("start", "end", "start-ns"), forbid_dtd=True):
        if kind == "start-ns":
            prefixes[one[1]] = one[0]
            continue
        if kind == "start":
            depth.append(one)
            continue
        depth.pop()
        if _local(one) in TYPES and not any(_local(parent) in TYPES for parent in depth):
            yield _event(one, prefixes)
            one.clear()
            if depth:
                depth[-1].remove(one)  # an event that was read takes no more memory


def _local(one: Element) -> str:
    return str(one.tag).rsplit("}", 1)[-1]


def _name(one: Element, prefixes: dict[str, str]) -> str:
    space, _, local = str(one.tag).rpartition("}")
    prefix = prefixes.get(space[1:], "")
    return f"{prefix}:{local}" if prefix else local


_WRAPPERS = frozenset({"extension", "baseExtension"})
_EPCS = frozenset({"epcList", "childEPCs", "inputEPCList", "outputEPCList"})
_QUANTITIES = frozenset({"quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"})
_TYPED = {"bizTransactionList": "bizTransaction", "sourceList": "source", "destinationList": "destination"}


def _event(element: Element, prefixes: dict[str, str]) -> dict[str, Any]:
    return {"type": _local(element), **_fields(element, prefixes)}


def _fields(element: Element, prefixes: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in element:
        name = _name(one, prefixes)
        if name in _WRAPPERS:  # where EPCIS 1.2 puts what came later
            found.update(_fields(one, prefixes))
        else:
            found[name] = _value(one, name, prefixes)
    return found


def _value(one: Element, name: str, prefixes: dict[str, str]) -> Any:
    text = (one.text or "").strip()
    if name in _EPCS:
        return [(child.text or "").strip() for child in one]
    if name in _QUANTITIES:
        return [{_local(part): (part.text or "").strip() for part in child} for child in one]
    if name in _TYPED:
        return [{**child.attrib, _TYPED[name]: (child.text or "").strip()} for child in one]
    if name == "errorDeclaration":
        told = _fields(one, prefixes)
        listed = [
            (child.text or "").strip() for child in one if _local(child) == "correctiveEventIDs" for child in child
        ]
        return {**told, **({"correctiveEventIDs": listed} if listed else {})}
    if name == "sensorElementList":
        return [_tree(child, prefixes) for child in one]
    if name in ("readPoint", "bizLocation"):
        return {_local(child): (child.text or "").strip() for child in one}
    return _tree(one, prefixes) if len(one) or one.attrib else text


def _tree(one: Element, prefixes: dict[str, str]) -> Any:
    """Any other element: attributes and children by name, the same name several times as a list."""
    text = (one.text or "").strip()
    found: dict[str, Any] = dict(one.attrib)
    for child in one:
        name, value = _name(child, prefixes), _tree(child, prefixes)
        if name in found:
            before = found[name]
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[name] = value
    if not found:
        return text
    return {**found, "#text": text} if text else found
