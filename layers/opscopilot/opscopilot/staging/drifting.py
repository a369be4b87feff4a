"""A source's remembered mapping and a file whose headers are no longer those it was confirmed for.

More columns than before are taken with a warning; a mapped column that is gone stops the file, with a proposal
that keeps what still fits and guesses what was renamed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

from opscopilot.catalogue import recognition, synonyms
from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Tx
from opscopilot.staging import proposals
from opscopilot.staging.binding import mapped_headers
from opscopilot.staging.mapping import ColumnSource, FileMapping, SourceMapping

_ALIKE = 0.6
"""How much two headers must have in common for one to be the other's new name."""


@dataclass(frozen=True)
class Drift:
    """What changed in a source's headers: columns that are new, and columns that are gone."""

    pattern: str
    file: str
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def message(self) -> str:
        """A sentence for the log."""
        parts = [f"new: {', '.join(self.added)}"] if self.added else []
        parts += [f"gone: {', '.join(self.removed)}"] if self.removed else []
        return (
            f"The columns of '{self.file}' are not those its mapping ('{self.pattern}') was confirmed for; "
            f"{'; '.join(parts)}. What the mapping needs is there, so the file was taken."
        )

    @property
    def as_dict(self) -> dict[str, Any]:
        """The drift as JSON."""
        return {"pattern": self.pattern, "file": self.file, "added": list(self.added), "removed": list(self.removed)}


def fingerprint(headers: Sequence[str]) -> frozenset[str]:
    """What makes two header lines the same, whatever the order and the writing."""
    return frozenset(synonyms.key(name) or name for name in headers if name.strip())


def remembered_for(known: SourceMapping, file_name: str, headers: Sequence[str]) -> FileMapping | None:
    """The mapping of a table: by name and columns, else by name, else by exactly the same columns."""
    named = known.all_for(file_name)
    mine = fingerprint(headers)
    same = [one for one in (*named, *known.files) if one.headers and fingerprint(one.headers) == mine]
    if same and same[0] in named:
        return same[0]
    fitting = [one for one in named if not absent(one, headers)]
    return next(iter([*fitting, *same, *named]), None)


def absent(mapping: FileMapping, headers: Sequence[str]) -> list[str]:
    """Columns the mapping needs and the file does not have."""
    have = fingerprint(headers)
    return [name for name in mapped_headers(mapping) if (synonyms.key(name) or name) not in have]


def added(mapping: FileMapping, headers: Sequence[str]) -> tuple[str, ...]:
    """Columns the file has and had not when the mapping was confirmed; none when nobody knows which it had."""
    before = fingerprint(mapping.headers)
    fresh = [name for name in headers if name.strip() and (synonyms.key(name) or name) not in before]
    return tuple(dict.fromkeys(fresh)) if mapping.headers else ()


def compare(mapping: FileMapping, headers: Sequence[str], file_name: str) -> Drift | None:
    """The drift of a file that can be taken all the same; None when its columns are as they were."""
    now = fingerprint(headers)
    gone = tuple(name for name in mapping.headers if name.strip() and (synonyms.key(name) or name) not in now)
    fresh = added(mapping, headers)
    return Drift(mapping.pattern, file_name, fresh, gone) if fresh or gone else None


def propose(
    registry: Registry, mapping: FileMapping, headers: Sequence[str], file_name: str,
    sample: Sequence[Sequence[str]], reason: str,
) -> dict[str, Any]:  # fmt: skip
    """The old mapping carried over to the new headers: what still fits, and guesses for what was renamed."""
    have = fingerprint(headers)
    bid = recognition.recognise(headers, registry, file_name, sample).of(mapping.entity)
    fresh = {one.field: one for one in bid.matches} if bid else {}
    used = {synonyms.key(name) for name in mapped_headers(mapping) if (synonyms.key(name) or name) in have}
    free = [name for name in headers if name.strip() and synonyms.key(name) not in used]
    columns: dict[str, dict[str, Any]] = {}
    for field in mapping.columns:
        source = mapping.source(field)
        entry = _kept(source)
        if source.column and (synonyms.key(source.column) or source.column) not in have:
            guess = fresh[field].header if field in fresh and fresh[field].header in free else _alike(source, free)
            if guess is None:
                continue
            free.remove(guess)
            entry |= {"column": guess, "score": 0.7, "why": f"renamed? It was '{source.column}'"}
        elif _needs_absent(source, have):
            continue
        columns[field] = entry
    candidate = {
        "entity": mapping.entity, "title": registry[mapping.entity].title, "score": 0.9, "columns": columns,
        "missing": proposals.missing(registry, mapping.entity, set(columns)), "unknown": free,
        "why": ["the mapping remembered for this source"],
    }  # fmt: skip
    return proposals.document(headers, sample, [candidate], reason)


def _kept(source: ColumnSource) -> dict[str, Any]:
    return {**source.model_dump(exclude_defaults=True), "score": 1.0, "why": "as remembered"}


def _needs_absent(source: ColumnSource, have: frozenset[str]) -> bool:
    single = FileMapping(pattern="*", entity="", columns={"_": source})
    return any((synonyms.key(name) or name) not in have for name in mapped_headers(single))


def _alike(source: ColumnSource, free: Sequence[str]) -> str | None:
    """The unused header most like the old one, if it is like it at all."""
    old = synonyms.key(source.column or "")
    rated = [(SequenceMatcher(None, old, synonyms.key(name)).ratio(), name) for name in free]
    best = max(rated, default=(0.0, ""))
    return best[1] if best[0] >= _ALIKE else None


def remember(tx: Tx, source_system: str, job_id: UUID, drift: Mapping[str, Any]) -> None:
    """Keep the latest drift (as `Drift.as_dict`) with the source, for whoever looks at the connector."""
    tx.execute(
        """UPDATE staging.data_connector_configs
           SET last_drift = CAST(:drift AS jsonb) || jsonb_build_object('when', now()), updated_at = now()
           WHERE name = :name""",
        name=source_system, drift=json.dumps({"job_id": str(job_id), **drift}),
    )  # fmt: skip
