"""HTTP plumbing that every context's routes share: the caller, problems, pages, correlation. Knows only the kernel.

A context writes `routes.py` with `def router(...) -> APIRouter` whose functions take `caller: CurrentCaller`
(any role may) or `caller: Annotated[Caller, require("planner")]`, use `caller.tx`, and return pydantic models.
They never commit: one request is one transaction.
"""

from opscopilot.web.caller import Caller, CurrentCaller, Services, Verify, require, require_platform_admin
from opscopilot.web.fields import Amount, Price, Quantity, Ratio
from opscopilot.web.middleware import raw_body
from opscopilot.web.params import PageQuery, known_parameters
from opscopilot.web.problems import PROBLEM_RESPONSES

__all__ = [
    "PROBLEM_RESPONSES",
    "Amount",
    "Caller",
    "CurrentCaller",
    "PageQuery",
    "Price",
    "Quantity",
    "Ratio",
    "Services",
    "Verify",
    "known_parameters",
    "raw_body",
    "require",
    "require_platform_admin",
]
