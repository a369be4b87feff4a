"""What a file is: said by the source's mapping, asked for with the upload, or recognised in the headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opscopilot.catalogue import recognition, synonyms
from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.formats import Order
from opscopilot.catalogue.recognition import Bid
from opscopilot.staging.binding import mapped_headers
from opscopilot.staging.mapping import FileMapping, SourceMapping
from opscopilot.staging.refusal import Refused

_MUCH_BETTER = 0.25
"""When another entity fits that much better, what was asked for is a slip: recipes out of an item list."""


@dataclass(frozen=True)
class Choice:
    """The entity of a file and why: a mapping or a bid."""

    entity: str
    how: str
    score: float | None
    mapping: FileMapping | None = None
    bid: Bid | None = None
    system: str | None = None

    @property
    def dates(self) -> Order | None:
        """What the mapping says of day and month."""
        return self.mapping.dates if self.mapping else None

    @property
    def decimal(self) -> str | None:
        """What the mapping says of the decimal sign."""
        return self.mapping.decimal if self.mapping else None


def wanted(known: SourceMapping, file_name: str) -> frozenset[str]:
    """Keys of the headers that the source's mapping expects in this file."""
    mapping = known.for_file(file_name)
    return frozenset(synonyms.key(name) for name in mapped_headers(mapping)) if mapping else frozenset()


def choose(
    registry: Registry, known: SourceMapping, headers: Sequence[str], file_name: str, asked_for: str | None
) -> Choice:
    """Decide, or raise Refused with what was recognised, what is missing and how to say it."""
    mapping = known.for_file(file_name)
    if mapping is not None and asked_for in (None, mapping.entity):
        if registry.get(mapping.entity) is None:
            raise Refused(
                "mapping_mismatch", f"The mapping names '{mapping.entity}', which is no kind of data we know."
            )
        return Choice(mapping.entity, "mapping", None, mapping=mapping)
    found = recognition.recognise(headers, registry, file_name)
    if asked_for is not None:
        bid = found.of(asked_for)
        assert bid is not None
        best = found.best
        better = best is not None and best.entity != asked_for and best.score - bid.score >= _MUCH_BETTER
        if bid.missing or better:
            raise _not_that(registry, found, bid)
        return Choice(asked_for, "asked for", bid.score, bid=bid, system=found.system)
    best = found.best
    if best is None:
        raise _unclear(registry, found, headers)
    return Choice(best.entity, "recognised", best.score, bid=best, system=found.system)


def _not_that(registry: Registry, found: recognition.Recognition, bid: Bid) -> Refused:
    entity = registry[bid.entity]
    missing = ", ".join(entity.field(name).label if entity.has(name) else name for name in bid.missing)
    message = f"The file was to hold {entity.title.lower()} ({bid.entity})"
    message += f", but has no column for: {missing}." if missing else ", but its columns say something else."
    best = found.best
    if best is not None and best.entity != bid.entity:
        other = registry[best.entity]
        message += f" It looks like {other.title.lower()} ({best.entity}). Drop it again as --entity {best.entity}."
        return Refused("wrong_entity", message)
    return Refused("missing_columns", message + " Add the columns, or map them for this source.")


def _unclear(registry: Registry, found: recognition.Recognition, headers: Sequence[str]) -> Refused:
    shown = ", ".join(header for header in headers if header)[:300]
    close = [bid for bid in found.bids[:3] if bid.score >= recognition.THRESHOLD and bid.matches]
    if not close:
        return Refused(
            "needs_mapping",
            f"We could not tell what this file holds. Its columns are: {shown}. Drop it again saying what it is "
            f"(--entity, for example --entity sku), take a template (`ops template ENTITY`), or map this source's "
            f"columns.",
        )
    readings = "; ".join(_reading(registry, bid) for bid in close)
    return Refused(
        "needs_mapping",
        f"The file could be more than one thing, or lacks a column: {readings}. Drop it again saying which "
        f"(--entity {close[0].entity}), or map this source's columns.",
    )


def _reading(registry: Registry, bid: Bid) -> str:
    title = registry[bid.entity].title.lower()
    if bid.missing:
        return f"{title} ({bid.entity}) without {', '.join(bid.missing)}"
    return f"{title} ({bid.entity}) with {', '.join(match.field for match in bid.matches[:6])}"
