"""How a stranger's message is refused."""

from __future__ import annotations

from pydantic import ValidationError

from opscopilot.kernel.errors import ValidationFailed


def unusable(what: str, error: ValidationError) -> ValidationFailed:
    """The refusal of `what` ("event"), naming the first field at fault.

    The value stays out: it is a stranger's text and would end up in the log.
    """
    fault = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "body"
    return ValidationFailed(f"The {what} cannot be used: {where}: {fault['msg']}", field=where, expected=fault["msg"])
