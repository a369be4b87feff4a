"""How a source's files are read, as its owner said it: remembered in staging.data_connector_configs.

The row has connector_type 'file_drop' and the source system's name; `config_json` is a SourceMapping. The API
and the command line check an upload with this very model and `check_against`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.recognition import Bid, carried
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import ValidationFailed

CONNECTOR_TYPE = "file_drop"
Setting = Literal["as_of", "default_currency", "default_time_zone", "language", "code"]


class ColumnSource(BaseModel):
    """Where a field's value comes from: exactly one of `column`, `const`, `setting`, `template`.

    `values` translates what the column holds; what it does not list stays as it is. `by` source_id says that
    the cell is the other system's own id of the thing referred to. `percent` divides by a hundred, `per` by the
    whole number in that column (prices per 1,000 pieces).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = None
    const: str | None = None
    setting: Setting | None = None
    template: str | None = Field(default=None, description="Columns in braces: '{Shelf}-{Bin}'.")
    values: dict[str, str] = {}
    by: Literal["code", "source_id"] = "code"
    percent: bool = False
    per: str | None = Field(default=None, description="The column that says for how many units the price is.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [one for one in (self.column, self.const, self.setting, self.template) if one is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of column, const, setting, template")
        return self


class SkipRule(BaseModel):
    """Records that are none of ours: those whose `column` is exactly `equals`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    equals: str


class FileMapping(BaseModel):
    """How files whose name matches `pattern` (like SalesOrderHeader*.csv*) are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    entity: str
    columns: dict[str, str | ColumnSource] = Field(min_length=1)
    source_id: str | None = Field(default=None, description="The column with the source's own id of the row.")
    skip_when: list[SkipRule] = []
    dates: Literal["dmy", "mdy"] | None = Field(default=None, description="Day or month first, where in doubt.")
    decimal: Literal[".", ","] | None = None
    fill_down: bool | None = Field(
        default=None, description="Empty parent columns repeat the line above; left out: where the file shows it."
    )
    full_extract: bool = Field(default=False, description="A file holds everything: what it lacks is gone.")
    headers: list[str] = Field(default=[], description="The columns the mapping was confirmed for, to notice drift.")

    @classmethod
    def of_bid(cls, bid: Bid, pattern: str = "*") -> Self:
        """The mapping a recognition amounts to."""
        columns: dict[str, str | ColumnSource] = {
            one.field: ColumnSource(column=one.header, values=dict(one.values), percent=one.percent, per=one.per)
            for one in bid.matches
        }
        return cls(pattern=pattern, entity=bid.entity, columns=columns)

    def source(self, name: str) -> ColumnSource:
        """The field's source in its long form."""
        given = self.columns[name]
        return ColumnSource(column=given) if isinstance(given, str) else given


class SourceMapping(BaseModel):
    """Everything remembered about a source's files. Other keys of the document are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    files: list[FileMapping] = []
    dates: Literal["dmy", "mdy"] | None = None
    decimal: Literal[".", ","] | None = None

    def for_file(self, file_name: str) -> FileMapping | None:
        """The first mapping whose pattern matches the file's name, without regard to case."""
        return next(iter(self.all_for(file_name)), None)

    def all_for(self, file_name: str) -> list[FileMapping]:
        """Every mapping whose pattern matches the file's name, without regard to case."""
        name = file_name.lower()
        return [one for one in self.files if fnmatchcase(name, one.pattern.lower())]

    def check_against(self, registry: Registry) -> None:
        """Raise ValidationFailed for an entity or a field the catalogue does not have."""
        errors: list[dict[str, Any]] = []
        for index, one in enumerate(self.files):
            entity = registry.get(one.entity)
            if entity is None:
                errors.append({"field": f"files.{index}.entity", "value": one.entity,
                               "expected": "one of: " + ", ".join(registry.names())})  # fmt: skip
                continue
            known = carried(entity, registry)
            errors += [
                {"field": f"files.{index}.columns.{name}", "value": name, "expected": "one of: " + ", ".join(known)}
                for name in one.columns if name not in known
            ]  # fmt: skip
        if errors:
            raise ValidationFailed("The mapping names what the catalogue does not have.", errors=errors)


def remembered(tx: Tx, source_system: str) -> SourceMapping:
    """What is remembered about a source of the tenant; an empty mapping when nothing is. What was confirmed for
    the files of a connector that pulls stands beside its configuration."""
    found = tx.one(
        """SELECT connector_type, config_json, file_mappings FROM staging.data_connector_configs
           WHERE name = :name AND is_active""",
        name=source_system,
    )  # fmt: skip
    if found is None:
        return SourceMapping()
    config = found["config_json"] if found["connector_type"] == CONNECTOR_TYPE else {"files": found["file_mappings"]}
    return SourceMapping.model_validate(config)
