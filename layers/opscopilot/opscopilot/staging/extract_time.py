"""When an extract was made, where it says so: only then can a late file be told from a newer one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from opscopilot.kernel.tenancy import PlantSettings

_STAMP = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T_ -]?([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:]?([0-5]\d))?)?(?!\d)"
)


def stated(metadata: Mapping[str, str], file_name: str, plant: PlantSettings) -> datetime | None:
    """The object's metadata `as-of` (ISO 8601), else a date or time in the file's name, in the plant's zone.

    A date alone means the end of that day: nothing that is known to be newer is ever taken for older.
    """
    zone = ZoneInfo(plant.default_time_zone)
    given = metadata.get("as-of")
    if given:
        try:
            found = datetime.fromisoformat(given)
        except ValueError:
            return None
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    match = _STAMP.search(file_name)
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()
    clock = time(int(hour), int(minute), int(second or 0)) if hour else time(23, 59, 59)
    try:
        return datetime.combine(date(int(year), int(month), int(day)), clock, zone).astimezone(UTC)
    except ValueError:
        return None
