"""What a file is: confirmed by a person, remembered for the source, asked for with the upload, or recognised.

Whatever is not sure is not taken: the job waits, with a proposal, for a person to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opscopilot.catalogue import recognition, synonyms
from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.formats import Order
from opscopilot.catalogue.recognition import Bid, Recognition
from opscopilot.staging import drifting, nameless, proposals
from opscopilot.staging.binding import mapped_headers
from opscopilot.staging.drifting import Drift
from opscopilot.staging.jobs import LogEntry
from opscopilot.staging.mapping import FileMapping, SourceMapping
from opscopilot.staging.refusal import NeedsMapping, Refused

_MUCH_BETTER = 0.25
"""When another entity fits that much better, what was asked for is a slip: recipes out of an item list."""
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Choice:
    """The entity of a file, how its columns are read, and why. `how` is confirmed, remembered, asked for or
    recognised; `notes` belong into the job's log, `drift` to the source."""

    entity: str
    how: str
    score: float | None
    mapping: FileMapping
    system: str | None = None
    why: tuple[str, ...] = ()
    notes: tuple[LogEntry, ...] = ()
    drift: Drift | None = None

    @property
    def dates(self) -> Order | None:
        """What the mapping says of day and month."""
        return self.mapping.dates

    @property
    def decimal(self) -> str | None:
        """What the mapping says of the decimal sign."""
        return self.mapping.decimal


def wanted(known: SourceMapping, file_name: str) -> frozenset[str]:
    """Keys of the headers that the source's mapping expects in this file."""
    mapping = known.for_file(file_name)
    return frozenset(synonyms.key(name) for name in mapped_headers(mapping)) if mapping else frozenset()


def choose(
    registry: Registry, known: SourceMapping, headers: Sequence[str], file_name: str, asked_for: str | None,
    sample: Rows = (), confirmed: FileMapping | None = None,
) -> Choice:  # fmt: skip
    """Decide, or raise NeedsMapping with what was recognised, what is missing and what we would propose.

    `sample` is the first rows of the table, `confirmed` what a person said about this very file.
    """
    if confirmed is not None:
        return _confirmed(registry, headers, file_name, sample, confirmed)
    found = recognition.recognise(headers, registry, file_name, sample)
    mapping = drifting.remembered_for(known, file_name, headers)
    if mapping is not None and asked_for in (None, mapping.entity) and not _other(found, known, mapping, file_name):
        return _remembered(registry, headers, file_name, sample, mapping)
    if recognition.headerless(headers):
        raise _headerless(registry, found, headers, sample, asked_for)
    if asked_for is not None:
        return _asked_for(registry, found, headers, sample, asked_for)
    best = found.best
    if best is None:
        raise _unclear(registry, found, headers, sample)
    return _of_bid("recognised", found, found.of(best.entity) or best)


def _other(found: Recognition, known: SourceMapping, mapping: FileMapping, file_name: str) -> bool:
    """Whether a mapping known by its headers alone belongs to another kind of data than this file's name says."""
    by_name = known.for_file(file_name) is not None
    return not by_name and found.best is not None and found.best.entity != mapping.entity


def _of_bid(how: str, found: Recognition, bid: Bid) -> Choice:
    firm = bid.firm
    notes = [LogEntry("warning", "column_not_taken", message) for message in firm.against]
    notes += [
        LogEntry(
            "warning", "column_unsure", f"'{one.header}' may be {one.field} ({one.why}), but its values do not show it; "
            f"it was left out. Map it (`ops map`) if it is.", one.field,
        )
        for one in bid.matches if one.guess
    ]  # fmt: skip
    return Choice(bid.entity, how, bid.score, FileMapping.of_bid(firm), found.system, bid.why, tuple(notes))


def _confirmed(
    registry: Registry, headers: Sequence[str], file_name: str, sample: Rows, confirmed: FileMapping
) -> Choice:
    _known_entity(registry, confirmed)
    if drifting.absent(confirmed, headers):
        raise _drifted(registry, headers, file_name, sample, confirmed)
    return Choice(confirmed.entity, "confirmed", None, confirmed)


def _remembered(
    registry: Registry, headers: Sequence[str], file_name: str, sample: Rows, mapping: FileMapping
) -> Choice:
    _known_entity(registry, mapping)
    if drifting.absent(mapping, headers):
        raise _drifted(registry, headers, file_name, sample, mapping)
    drift = drifting.compare(mapping, headers, file_name)
    notes = (LogEntry("warning", "headers_drifted", drift.message),) if drift else ()
    return Choice(mapping.entity, "remembered", None, mapping, notes=notes, drift=drift)


def _known_entity(registry: Registry, mapping: FileMapping) -> None:
    if registry.get(mapping.entity) is None:
        raise Refused("mapping_mismatch", f"The mapping names '{mapping.entity}', which is no kind of data we know.")


def _drifted(
    registry: Registry, headers: Sequence[str], file_name: str, sample: Rows, mapping: FileMapping
) -> NeedsMapping:
    drift = drifting.Drift(
        mapping.pattern, file_name, drifting.added(mapping, headers), tuple(drifting.absent(mapping, headers))
    )
    reason = (
        f"The mapping for '{mapping.pattern}' expects columns that this file does not have: "
        f"{', '.join(drift.removed)}. It has: {', '.join(name for name in headers if name)}. Confirm the proposed "
        f"mapping (`ops map`), or correct the export."
    )
    proposal = drifting.propose(registry, mapping, headers, file_name, sample, reason)
    return NeedsMapping("headers_drifted", reason, {**proposal, "drift": drift.as_dict})


def _asked_for(registry: Registry, found: Recognition, headers: Sequence[str], sample: Rows, asked_for: str) -> Choice:
    bid = found.of(asked_for)
    assert bid is not None
    best = found.best
    better = best is not None and best.entity != asked_for and _much_better(best, bid)
    if bid.firm.missing or better:
        reason = _not_that(registry, found, bid)
        first = [bid] if not better else []
        proposal = proposals.build(registry, found, headers, sample, reason, first=first)
        if best is not None and best.entity != asked_for:
            raise NeedsMapping("wrong_entity", reason, proposal)
        raise NeedsMapping("missing_columns", reason, proposal)
    return _of_bid("asked for", found, bid)


def _much_better(best: Bid, bid: Bid) -> bool:
    ahead = best.score - bid.score
    return ahead >= _MUCH_BETTER or (ahead >= _MUCH_BETTER / 2 and len(best.matches) > 2 * len(bid.matches))


def _not_that(registry: Registry, found: Recognition, bid: Bid) -> str:
    entity = registry[bid.entity]
    known = recognition.carried(entity, registry)
    missing = ", ".join(known[name].label for name in bid.firm.missing)
    message = f"The file was to hold {entity.title.lower()} ({bid.entity})"
    message += f", but has no column for: {missing}." if missing else ", but its columns say something else."
    best = found.best
    if best is not None and best.entity != bid.entity:
        other = registry[best.entity]
        message += f" It looks like {other.title.lower()} ({best.entity}). Drop it again as --entity {best.entity}."
        return message
    return message + " Add the columns, or map them (`ops map`)."


def _headerless(
    registry: Registry, found: Recognition, headers: Sequence[str], sample: Rows, asked_for: str | None
) -> NeedsMapping:
    reason = (
        "The table has no column names, so nobody can know what is in it. Say which column is what (`ops map`), or "
        "export it with its header line."
    )
    likely = [asked_for] if asked_for else [bid.entity for bid in found.bids if bid.entity in found.named] or ["sku"]
    return NeedsMapping("no_header", reason, nameless.propose(registry, likely, headers, sample, reason))


def _unclear(registry: Registry, found: Recognition, headers: Sequence[str], sample: Rows) -> NeedsMapping:
    reason = _why_unclear(registry, found, headers)
    return NeedsMapping("needs_mapping", reason, proposals.build(registry, found, headers, sample, reason))


def _why_unclear(registry: Registry, found: Recognition, headers: Sequence[str]) -> str:
    close = [bid for bid in found.bids[:3] if bid.score >= recognition.THRESHOLD and bid.matches]
    if not close:
        shown = ", ".join(header for header in headers if header)[:300]
        return (
            f"We could not tell what this file holds. Its columns are: {shown}. Map them (`ops map`), drop it again "
            f"saying what it is (--entity, for example --entity sku), or take a template (`ops template ENTITY`)."
        )
    readings = "; ".join(_reading(registry, bid) for bid in close)
    return (
        f"The file could be more than one thing, or lacks a column: {readings}. Confirm one (`ops map`), or drop it "
        f"again saying which (--entity {close[0].entity})."
    )


def _reading(registry: Registry, bid: Bid) -> str:
    title = registry[bid.entity].title.lower()
    if bid.firm.missing:
        return f"{title} ({bid.entity}) without {', '.join(bid.firm.missing)}"
    return f"{title} ({bid.entity}) with {', '.join(match.field for match in bid.matches[:6])}"
