"""`/notify/channels` and the test mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path

from opscopilot.kernel.errors import NotFound
from opscopilot.notifications.access import Admin
from opscopilot.notifications.channel_configs import changing, store
from opscopilot.notifications.channel_configs.schemas import ChannelChange, ChannelStatus, described
from opscopilot.notifications.channel_configs.trial import MailRequest, MailSent, send_test
from opscopilot.notifications.channels import Channel, ChannelConfig, ChannelKind, Kinds, SecretStore
from opscopilot.notifications.delivery import queries
from opscopilot.web import Caller, CurrentCaller

Code = Annotated[str, Path(max_length=20, description="The channel's code, as in GET /notify/channels.")]


def add(routes: APIRouter, kinds: Kinds, mail: Channel, secrets: Callable[[], SecretStore]) -> None:
    """The routes; `secrets` is where PUT keeps what must not lie in the database."""

    @routes.get("/channels", summary="Each channel: what it is, how it is set up, how it did in the last 24 hours")
    def read(caller: CurrentCaller) -> list[ChannelStatus]:
        return _statuses(caller, kinds)

    @routes.put("/channels/{channel}", summary="Set a channel up, or switch it on or off, for everybody")
    def write(channel: Code, body: ChannelChange, caller: Admin) -> ChannelStatus:
        kind = _found(kinds, channel)
        after = changing.change(caller.tx, caller.principal, kind, body)
        if body.secret and after.secret_ref:
            ref, fields = after.secret_ref, body.secret
            caller.after_commit(lambda: secrets().put(ref, fields))
        return next(one for one in _statuses(caller, kinds) if one.channel == channel)

    @routes.post("/email", summary="Send a test mail to myself or to somebody of my tenant")
    def test_mail(body: MailRequest, caller: CurrentCaller) -> MailSent:
        return send_test(mail, body, caller)


def _found(kinds: Kinds, channel: str) -> ChannelKind:
    if channel not in kinds:
        raise NotFound(
            "There is no such channel.", field="channel", value=channel, expected=f"one of {', '.join(kinds)}"
        )
    return kinds[channel]


def _statuses(caller: Caller, kinds: Kinds) -> list[ChannelStatus]:
    set_up = store.configs(caller.tx)
    health = {one.channel: one for one in queries.channel_health(caller.tx, caller.clock.now(), list(kinds))}
    found = []
    for code, kind in kinds.items():
        config, told = set_up.get(code, ChannelConfig()), described(kind)
        found.append(ChannelStatus.model_validate({
            **health[code].model_dump(), **told, "settings": dict(config.settings),
            "secret_set": config.secret_ref is not None, "usable": config.enabled and told["missing"] is None,
        }))  # fmt: skip
    return found
