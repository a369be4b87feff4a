"""The plant's calendar as people's affairs see it."""

from opscopilot.kernel.plant_calendar import EVERY_DAY as EVERY_DAY
from opscopilot.kernel.plant_calendar import FixedCalendar as FixedCalendar
from opscopilot.kernel.plant_calendar import FreeDay as FreeDay
from opscopilot.kernel.plant_calendar import Planned as Planned
from opscopilot.kernel.plant_calendar import PlannedKind as PlannedKind
from opscopilot.kernel.plant_calendar import PlantCalendar as PlantCalendar
from opscopilot.kernel.plant_calendar import Shift as Shift
