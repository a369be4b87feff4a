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


@contextmanager
def function_environment(values: Mapping[str, str]) -> Iterator[None]:
    """The environment of a function, for the time of its cold start; exclusive in this process."""
    with LOCK:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)
        }
        with _exactly(kept | dict(values)):
            yield


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
        with LOCK:  # a function that is just starting has changed it for the moment
            _become(before)


def _become(target: Mapping[str, str]) -> None:
    """Never leave os.environ empty in between: other threads may be reading it."""
    os.environ.update(target)
    for name in [name for name in os.environ if name not in target]:
        os.environ.pop(name, None)
