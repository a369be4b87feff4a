"""HTTP: correct rejected records and send them in again; call a job off."""

from __future__ import annotations

import secrets
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Response
from pydantic import BaseModel, Field, JsonValue, ValidationError

from opscopilot.kernel.errors import NotFound, TooLarge, ValidationFailed
from opscopilot.staging import corrections, receipt_parts, receipts, reject_files
from opscopilot.staging.corrections import Asked, Corrected, Replayed
from opscopilot.staging.kept_rows import RowLayout
from opscopilot.staging.landing import replay_key
from opscopilot.staging.receipt_parts import Replay
from opscopilot.staging.receipts import Job
from opscopilot.staging.reject_files import FileFormat
from opscopilot.staging.rejected import RejectFilter
from opscopilot.staging.routes.common import Loader
from opscopilot.staging.routes.rejects import Wanted
from opscopilot.staging.uploads import LINK_LIVES_S, LandingArea
from opscopilot.web import Caller, CurrentCaller
from opscopilot.web.params import Strict

MAX_RECORDS = 10_000
MAX_BODY = 5 << 20
"""Bytes: what a function may be handed in one call, with room for the envelope."""


class Correction(Strict):
    """New values of one rejected record, by the file's own columns. What is left out stays as it is."""

    record_no: int = Field(ge=1, lt=2**31)
    values: dict[str, JsonValue] = Field(default={}, max_length=2000, examples=[{"unit_cost": "12.50"}])


class ReplayRequest(Strict):
    """Which records to try again: corrected ones, and with `all` every other one that is not loaded, as it is."""

    records: list[Correction] = Field(default=[], max_length=MAX_RECORDS)
    all: bool = False
    code: str | None = Field(default=None, max_length=64, description="With `all`: only records with this fault.")
    field: str | None = Field(default=None, max_length=64, description="With `all`: only faults of this field.")


class ReplayAccepted(BaseModel):
    """The records are on their way; follow `status_url`."""

    replay_id: str
    job_id: UUID
    status: Literal["pending", "staged", "done", "failed"]
    records: int = Field(description="Records that are tried again; loaded ones among those asked for are left out.")
    status_url: str


class ReplayUpload(BaseModel):
    """Where to put a corrected file that is too large for one call: PUT it there, it starts by itself."""

    replay_id: str
    method: Literal["PUT"] = "PUT"
    url: str
    expires_in_s: int
    status_url: str


_REQUEST = {name: one for name, one in ReplayRequest.model_json_schema().items() if name != "$defs"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {
                **_REQUEST, "properties": {**_REQUEST["properties"], "records": {
                    "type": "array", "maxItems": MAX_RECORDS, "items": Correction.model_json_schema()}},
            }},
            "text/csv": {"schema": {"type": "string", "description": "The corrected download."}},
        },
    }
}  # fmt: skip


def replay_routes(routes: APIRouter, area: LandingArea) -> None:
    """Downloads of rejects, replays, and calling jobs off."""
    _download_routes(routes)
    _sending_routes(routes, area)
    _job_routes(routes)


def _download_routes(routes: APIRouter) -> None:
    @routes.get("/jobs/{job_id}/rejects/file", tags=["jobs"], response_class=Response,
                summary="Rejected records as the file they came in, to correct",
                responses={200: {"content": {"text/csv": {}}, "description": "A part; x-next-cursor leads on."}})  # fmt: skip
    def download(
        job_id: UUID, caller: CurrentCaller, wanted: Wanted,
        format: Annotated[FileFormat, Query(description="xlsx keeps leading zeros in any spreadsheet.")] = "csv",
        cursor: Annotated[str | None, Query(max_length=500, description="The x-next-cursor before.")] = None,
    ) -> Response:  # fmt: skip
        """At most 100,000 rows and 3.5 million characters at a time; `x-next-cursor` leads to the rest."""
        made = reject_files.reject_file(caller.tx, job_id, wanted, format, cursor)
        plain = "".join(
            sign if sign.isascii() and sign.isprintable() and sign not in '"\\%' else "_" for sign in made.name
        )
        headers = {
            "content-disposition": f'attachment; filename="{plain}"', "x-content-type-options": "nosniff",
            "x-rows": str(made.rows), **({"x-next-cursor": made.next_cursor} if made.next_cursor else {}),
        }  # fmt: skip
        return Response(made.body, media_type=made.media_type, headers=headers)


def _sending_routes(routes: APIRouter, area: LandingArea) -> None:
    @routes.post("/jobs/{job_id}/replay", status_code=202, tags=["jobs"], openapi_extra=_BODY,
                 summary="Try rejected records again, corrected or as they are")  # fmt: skip
    def replay(
        job_id: UUID, caller: Loader, body: Annotated[Any, Body()],
        content_length: Annotated[int, Header(include_in_schema=False)] = 0,
    ) -> ReplayAccepted:  # fmt: skip
        """A JSON body names records and new values; a text/csv body is the corrected download. The same corrections
        twice are one replay; records loaded meanwhile are left alone."""
        size = max(content_length, len(body) if isinstance(body, bytes) else 0)
        if size > MAX_BODY:
            raise TooLarge(
                f"The corrections have more than {MAX_BODY >> 20} MB. Ask for a link with POST …/replay/upload.",
                field="body", value=size, expected=f"at most {MAX_BODY} bytes",
            )  # fmt: skip
        asked = _from_file(caller, job_id, body) if isinstance(body, bytes) else _from_json(body)
        made = corrections.register(caller.tx, job_id, asked, caller.principal.user_id)
        _send(area, caller, job_id, made)
        return ReplayAccepted(replay_id=made.id, job_id=job_id, status=made.status, records=made.records,
                              status_url=_status_url(job_id, made.id))  # fmt: skip

    @routes.post("/jobs/{job_id}/replay/upload", status_code=201, tags=["jobs"],
                 summary="Get a link for a corrected download that is too large for one call")  # fmt: skip
    def link(job_id: UUID, caller: Loader) -> ReplayUpload:
        job, name = corrections.replayable(caller.tx, job_id), secrets.token_hex(16)
        key = replay_key(caller.principal.tenant_code, job["source_system"], job_id, name)
        caller.tx.execute(
            """INSERT INTO staging.replays (tenant_id, job_id, id, records, corrected, requested_by)
               VALUES (:tenant, :job, :id, 0, 0, :by)""",
            tenant=caller.tx.tenant_id, job=job_id, id=name, by=caller.principal.user_id,
        )  # fmt: skip
        url = area.signer.presign_put(area.bucket, key, LINK_LIVES_S, {})
        return ReplayUpload(replay_id=name, url=url, expires_in_s=int(timedelta(seconds=LINK_LIVES_S).total_seconds()),
                            status_url=_status_url(job_id, name))  # fmt: skip


def _job_routes(routes: APIRouter) -> None:
    @routes.get("/jobs/{job_id}/replays/{replay_id}", tags=["jobs"], summary="What became of a replay")
    def status(job_id: UUID, replay_id: str, caller: CurrentCaller) -> Replay:
        receipts.job_row(caller.tx, job_id, "id")
        found = receipt_parts.replay(caller.tx, job_id, replay_id)
        if found is None:
            raise NotFound(f"The job has no replay {replay_id[:40]}.", field="replay_id", value=replay_id[:40])
        return found

    @routes.post("/jobs/{job_id}/cancel", tags=["jobs"], summary="Call a job off that has not ended")
    def cancel(job_id: UUID, caller: Loader) -> Job:
        """What is loaded of it stays; nothing more is read or loaded. A job that has ended answers 409."""
        return receipts.cancel(caller.tx, job_id, caller.principal.user_id)


def _from_json(body: Any) -> Asked:
    try:
        given = ReplayRequest.model_validate(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "body"
        raise ValidationFailed(
            f"{where}: {fault['msg']}", field=where, expected='{"records": [{"record_no": 7, "values": {…}}]}, '
            'or {"all": true}; or a text/csv body',
        ) from None  # fmt: skip
    if not given.records and not given.all:
        raise ValidationFailed(
            "Nothing is to be replayed.", field="records", value=[], expected="records with values, or all: true"
        )
    numbers = [one.record_no for one in given.records]
    if len(set(numbers)) < len(numbers):
        twice = next(one for index, one in enumerate(numbers) if one in numbers[:index])
        raise ValidationFailed(f"Record {twice} is there twice.", field="record_no", value=twice, expected="each once")
    values = {one.record_no: {name: _cell(value) for name, value in one.values.items()} for one in given.records}
    return Asked(values, given.all, RejectFilter(code=given.code, field=given.field))


def _cell(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise ValidationFailed("A value must be a text, a number, true, false or null.", field="values",
                               value=str(value)[:80], expected="a single value as it would stand in the file")  # fmt: skip
    return str(value).replace("\0", "")


def _from_file(caller: Caller, job_id: UUID, body: bytes) -> Asked:
    job = corrections.replayable(caller.tx, job_id)
    found = Corrected(corrections.decoded(body.replace(b"\0", b"") if body[:2] not in _UTF16 else body))
    found.check(RowLayout.of_recipe(job["mapping"]["recipe"]))
    values = dict(found.rows())
    return Asked(values, everything=not values)


_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def _send(area: LandingArea, caller: Caller, job_id: UUID, made: Replayed) -> None:
    """Put the object after the commit: its arrival starts the work, which must find the replay's row."""
    body = made.body
    if body is None:
        return
    key = replay_key(caller.principal.tenant_code, made.source_system, job_id, made.id)

    def put() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "replay.csv"
            path.write_bytes(body)
            area.store.upload(path, area.bucket, key)

    caller.after_commit(put)


def _status_url(job_id: UUID, replay_id: str) -> str:
    return f"/api/v1/jobs/{job_id}/replays/{replay_id}"
