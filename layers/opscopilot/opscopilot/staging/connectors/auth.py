"""How a connector says who it is over HTTP. Values come from the secret; the config only says which way."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from opscopilot.staging.connectors.base import BaseConnector
    from opscopilot.staging.connectors.http import HttpClient

_EARLY_S = 60.0  # a token is renewed this long before it ends


class Auth(Protocol):
    """Adds what proves us to a request."""

    def headers(self) -> dict[str, str]:
        """Headers to send."""
        ...

    def params(self) -> dict[str, str]:
        """Query parameters to send."""
        ...

    def refresh(self) -> bool:
        """The server said 401: whether trying once more with something new makes sense."""
        ...


class Fixed:
    """The same headers and parameters every time."""

    def __init__(self, headers: dict[str, str] | None = None, params: dict[str, str] | None = None) -> None:
        self._headers = headers or {}
        self._params = params or {}

    def headers(self) -> dict[str, str]:
        return self._headers

    def params(self) -> dict[str, str]:
        return self._params

    def refresh(self) -> bool:
        return False


class ClientCredentials:
    """OAuth 2.0 client credentials: a token, kept until it ends or the server refuses it."""

    def __init__(self, http: HttpClient, config: OAuth2, client_id: str, client_secret: str) -> None:
        self._http = http
        self._config = config
        self._id = client_id
        self._secret = client_secret
        self._token: str | None = None
        self._until = 0.0

    def headers(self) -> dict[str, str]:
        if self._token is None or self._http.monotonic() >= self._until:
            self._fetch()
        return {"Authorization": f"Bearer {self._token}"}

    def params(self) -> dict[str, str]:
        return {}

    def refresh(self) -> bool:
        self._token = None
        return True

    def _fetch(self) -> None:
        form = {"grant_type": "client_credentials"}
        headers: dict[str, str] = {}
        if self._config.scope:
            form["scope"] = self._config.scope
        if self._config.audience:
            form["audience"] = self._config.audience
        if self._config.credentials_in == "body":
            form |= {"client_id": self._id, "client_secret": self._secret}
        else:  # RFC 6749, 2.3.1: both are form-encoded before they are joined
            headers = basic(quote(self._id, safe=""), quote(self._secret, safe=""))
        answer = self._http.json("POST", self._config.token_url, data=form, headers=headers)
        token = answer.data.get("access_token") if isinstance(answer.data, dict) else None
        if not isinstance(token, str) or not token:
            raise self._http.failed("auth_failed", self._config.token_url, "gave no access_token")
        self._token = token
        self._until = self._http.monotonic() + max(_seconds(answer.data.get("expires_in")) - _EARLY_S, 0.0)


def _seconds(given: Any) -> float:
    text = str(given).partition(".")[0]
    return float(text) if text.isdigit() else 300.0


def basic(user: str, password: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class _Way(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoAuth(_Way):
    """Nothing is asked for."""

    kind: Literal["none"] = "none"

    def make(self, _connector: BaseConnector) -> Auth:
        return Fixed()


class Basic(_Way):
    """HTTP Basic; the secret has `username` and `password`."""

    kind: Literal["basic"]

    def make(self, connector: BaseConnector) -> Auth:
        return Fixed(basic(connector.need("username"), connector.need("password")))


class Bearer(_Way):
    """A fixed token in Authorization; the secret has `token`."""

    kind: Literal["bearer"]
    scheme: str = Field(default="Bearer", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,30}$")

    def make(self, connector: BaseConnector) -> Auth:
        return Fixed({"Authorization": f"{self.scheme} {connector.need('token')}"})


class ApiKey(_Way):
    """A key in a header or a query parameter; the secret has `api_key`."""

    kind: Literal["api_key"]
    header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,60}$", examples=["X-Api-Key"])
    param: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,60}$", examples=["apikey"])

    def make(self, connector: BaseConnector) -> Auth:
        key = connector.need("api_key")
        if self.param:
            return Fixed(params={self.param: key})
        return Fixed({self.header or "X-Api-Key": key})


class OAuth2(_Way):
    """OAuth 2.0 client credentials; the secret has `client_id` and `client_secret`."""

    kind: Literal["oauth2"]
    token_url: str = Field(max_length=2000)
    scope: str | None = None
    audience: str | None = None
    credentials_in: Literal["header", "body"] = "header"

    def make(self, connector: BaseConnector) -> Auth:
        return ClientCredentials(
            connector.around.http, self, connector.need("client_id"), connector.need("client_secret")
        )


AnyAuth = Annotated[NoAuth | Basic | Bearer | ApiKey | OAuth2, Field(discriminator="kind")]
SECRET_FIELDS = ("username", "password", "token", "api_key", "client_id", "client_secret")
"""What the ways together may look for in a connector's secret."""
