"""os.environ for a while: as a function would see it, or as a process without any cloud account."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.constants import REGION

LOCK = threading.RLock()
# What Lambda's own runtime or this machine provides; the developer's other shell variables stay outside.
PASSED_ON = ("PATH", "HOME", "USER", "TMPDIR", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV")
PASSED_ON_PREFIXES = ("AWS_", "MOTO_", "PYTHON", "COV", "SSL_CERT", "REQUESTS_CA")
OFFLINE = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_SESSION_TOKEN": "local",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


class _Starting(threading.local):
    """What the function sees that this thread is starting; None: this thread starts none."""

    environment: dict[str, str] | None = None


_STARTING = _Starting()


class _Environ(os._Environ[str]):
    """os.environ in which a thread that starts a function sees that function's variables, and no other thread does.

    A Lambda sandbox has an environment of its own. Here all functions live in one process, and while one starts others
    are at work: variables that came and went under them would break whatever they read at that moment.
    """

    def __getitem__(self, key: str) -> str:
        own = _STARTING.environment
        return super().__getitem__(key) if own is None else own[key]

    def __setitem__(self, key: str, value: str) -> None:
        own = _STARTING.environment
        if own is None:
            super().__setitem__(key, value)
        else:
            own[key] = value

    def __delitem__(self, key: str) -> None:
        own = _STARTING.environment
        if own is None:
            super().__delitem__(key)
        else:
            del own[key]

    def __iter__(self) -> Iterator[str]:
        own = _STARTING.environment
        return super().__iter__() if own is None else iter(list(own))

    def __len__(self) -> int:
        own = _STARTING.environment
        return super().__len__() if own is None else len(own)


@contextmanager
def function_environment(values: Mapping[str, str]) -> Iterator[None]:
    """The environment of a function, for the time of its cold start and for this thread only; one start at a time."""
    with LOCK:
        # The object itself: whoever imported `environ` by name must see it too.
        os.environ.__class__ = _Environ
        before, kept = (
            _STARTING.environment,
            {
                name: value
                for name, value in os.environ.items()
                if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)
            },
        )
        _STARTING.environment = kept | dict(values)
        try:
            yield
        finally:
            _STARTING.environment = before


@contextmanager
def offline_environment() -> Iterator[None]:
    """The environment without the developer's own AWS settings: no profile, endpoint or key reaches boto3."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with _exactly(kept | OFFLINE):
        yield


@contextmanager
def _exactly(target: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _become(target)
    try:
        yield
    finally:
        _become(before)


def _become(target: Mapping[str, str]) -> None:
    """Never leave os.environ empty in between: other threads may be reading it."""
    os.environ.update(target)
    for name in [name for name in os.environ if name not in target]:
        os.environ.pop(name, None)
