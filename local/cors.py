"""What API Gateway answers to browsers of other origins, from the template's CorsConfiguration."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.http_message import Request, Response

_LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


@dataclass(frozen=True)
class CorsPolicy:
    """Allowed origins, methods and headers. Pages served from this machine are always let in."""

    origins: frozenset[str] = frozenset()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    max_age: int | None = None

    def preflight(self, request: Request) -> Response | None:
        """The answer to a browser's question before the request, None when this is not one."""
        origin = request.headers.get("origin")
        if request.method != "OPTIONS" or not origin or "access-control-request-method" not in request.headers:
            return None
        if not self._allows(origin):
            return Response(204)
        headers = [
            ("access-control-allow-methods", ",".join(self.methods) or "*"),
            ("access-control-allow-headers", ",".join(self.headers) or "*"),
        ]
        if self.max_age is not None:
            headers.append(("access-control-max-age", str(self.max_age)))
        return Response(204, b"", [*self._origin(origin), *headers])

    def decorate(self, request: Request, response: Response) -> Response:
        """The response with the policy's headers in place of the function's own, as API Gateway does it."""
        origin = request.headers.get("origin")
        kept = [pair for pair in response.headers if not pair[0].lower().startswith("access-control-")]
        if origin and self._allows(origin):
            kept += [*self._origin(origin), ("access-control-expose-headers", "*")]
        return Response(response.status, response.body, kept)

    def _allows(self, origin: str) -> bool:
        return "*" in self.origins or origin in self.origins or bool(_LOOPBACK.fullmatch(origin))

    def _origin(self, origin: str) -> list[tuple[str, str]]:
        return [("access-control-allow-origin", origin), ("vary", "origin")]
