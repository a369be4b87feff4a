"""On-call schedules on the wire and in the table (layers are stored as they are sent)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from opscopilot.notifications.access import Body
from opscopilot.notifications.people.fields import Day, Moment, ShiftName, UserId, WallTime, Weekdays, Zone

LONGEST_TURN = {"hours": 24 * 31, "days": 366, "weeks": 53}
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class OnCallRestriction(Body):
    """When a layer counts at all. A night belongs to the day on which it begins."""

    weekdays: Weekdays | None = Field(None, description="ISO, Monday is 1; left out: every day.")
    start: WallTime | None = Field(None, description="In the schedule's zone.", examples=["18:00"])
    end: WallTime | None = Field(None, description="At or before the start: on the next day.", examples=["06:00"])
    shifts: list[ShiftName] | None = Field(
        None, min_length=1, max_length=20, description="While one of these shifts is worked, instead of the rest."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.shifts and (self.weekdays or self.start or self.end):
            raise ValueError("shifts have weekdays and hours of their own; give shifts, or weekdays with start and end")
        if (self.start is None) != (self.end is None):
            raise ValueError("hours need both: start and end")
        if not (self.shifts or self.weekdays or self.start):
            raise ValueError("says nothing; leave it out, or give weekdays, start and end, or shifts")
        return self


class OnCallLayer(Body):
    """People who take turns. Later layers of a schedule override earlier ones where they count."""

    name: Text | None = Field(None, examples=["Nights"])
    users: list[UserId] = Field(min_length=1, max_length=100, description="In the order of their turns.")
    every: int = Field(1, ge=1, description="Length of a turn, in `unit`.")
    unit: Literal["hours", "days", "weeks"] = "weeks"
    starts_on: Day = Field(description="Day of the first handover.")
    handover: WallTime = Field("08:00", description="Wall time of handovers; clock changes do not move it.")
    ends_on: Day | None = Field(None, description="Last day, included.")
    restriction: OnCallRestriction | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.every > LONGEST_TURN[self.unit]:
            raise ValueError(f"every is at most {LONGEST_TURN[self.unit]} {self.unit}")
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        return self


class ScheduleAsked(Body):
    """A schedule as it shall be; it replaces the one of that code."""

    name: Text = Field(examples=["Maintenance on call"])
    time_zone: Zone | None = Field(None, description="Zone of handovers and hours; the plant's when left out.")
    layers: list[OnCallLayer] = Field(min_length=1, max_length=20)


class OverrideAsked(Body):
    """Somebody covers, whatever the layers say. Of several at one moment the newest counts."""

    user_id: UserId
    starts_at: Moment
    ends_at: Moment
    reason: Annotated[str, Field(max_length=500)] | None = Field(None, examples=["Anna is at the dentist"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        return self


class OnCallOverride(BaseModel):
    """A cover that is in force or to come."""

    id: UUID
    user_id: str
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    created_by: str
    created_at: datetime


class OnCallSchedule(BaseModel):
    """A schedule with its layers and the overrides that are not over."""

    code: str
    name: str
    time_zone: str
    is_active: bool
    layers: list[OnCallLayer]
    overrides: list[OnCallOverride]
    updated_at: datetime
    row_version: int


class OnCallStretch(BaseModel):
    """From `starts_at` up to `ends_at` these users are on call; none: a gap. `override`: somebody covers."""

    starts_at: datetime
    ends_at: datetime
    users: list[str]
    override: bool


class OnCallTimeline(BaseModel):
    """Who is on call when, without holes and overlaps. `gap_minutes`: how long nobody is."""

    code: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    gap_minutes: int
    stretches: list[OnCallStretch]


class OnCallNow(BaseModel):
    """Who is on call in a schedule, and until when."""

    code: str
    name: str
    users: list[str]
    override: bool
    until: datetime | None = Field(description="When that changes next; null: not within the next 31 days.")
    next_users: list[str]
