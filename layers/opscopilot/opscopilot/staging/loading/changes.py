"""What a load changed for the people who plan with it, from the rows before and after, in the load's transaction."""

from __future__ import annotations

from opscopilot.catalogue.upsert import LoadPlan
from opscopilot.kernel.db import Tx
from opscopilot.staging.loading.model import Change


def before_update(tx: Tx, plan: LoadPlan) -> list[Change]:
    """What the changed rows are about to become."""
    del tx, plan
    return []


def after_insert(tx: Tx, plan: LoadPlan, inserted: int) -> list[Change]:
    """What the new rows mean."""
    del tx
    return [Change(what="added", entity=plan.entity.name, count=inserted)]
