"""Any JSON API: every way of paging, every way of lying; each record arrives exactly once."""

from __future__ import annotations

from typing import Any

import pytest

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.staging.connectors.base import ConnectorFactory, ConnectorFailed
from tests.support.servers.pulls import connector, fetch
from tests.support.servers.web import Answer, Reply, Request, Server, serve

ROWS = [{"id": n, "updated_at": f"2026-09-{1 + n % 28:02}T10:00:00Z", "qty": n} for n in range(1, 24)]
ALL = [row["id"] for row in ROWS]


def config(
    server: Server, pages: dict[str, Any] | None = None, stream: dict[str, Any] | None = None, **more: Any
) -> Any:
    """A config with one stream."""
    one = {"name": "orders", "path": "/orders", "records": "items", **(stream or {})}
    return {"base_url": server.url, "pages": pages or {"kind": "none"}, "streams": [one], **more}


def by_page(request: Request) -> Reply:
    page, size = int(request.query.get("page", 1)), int(request.query.get("per_page", 5))
    return Reply({"items": ROWS[(page - 1) * size : page * size], "total": len(ROWS)})


def by_offset(request: Request) -> Reply:
    start, size = int(request.query["offset"]), int(request.query["limit"])
    return Reply({"items": ROWS[start : start + size]})


def by_cursor(request: Request) -> Reply:
    start = int(request.query.get("cursor", 0))
    more = start + 5 < len(ROWS)
    return Reply({"items": ROWS[start : start + 5], "next_cursor": str(start + 5) if more else None})


def by_link(request: Request) -> Reply:
    start = int(request.query.get("after", 0))
    link = f"http://inside:8000{request.path}?after={start + 5}" if start + 5 < len(ROWS) else None
    return Reply({"items": ROWS[start : start + 5], "next": link})


def by_header(request: Request) -> Reply:
    start = int(request.query.get("page_info", 0))
    assert not (start and "status" in request.query), "Shopify refuses other parameters beside page_info"
    back = f'<https://shop.example/orders?page_info={start - 5}&limit=5>; rel="previous"'
    ahead = f'<https://shop.example/orders?page_info={start + 5}&limit=5>; rel="next"'
    headers = {"Link": f"{back}, {ahead}" if start + 5 < len(ROWS) else back}
    return Reply({"items": ROWS[start : start + 5]}, headers=headers)


WAYS: dict[str, tuple[dict[str, Any], Answer]] = {
    "page": ({"kind": "page", "size": 5}, by_page),
    "offset": ({"kind": "offset", "size": 5}, by_offset),
    "cursor": ({"kind": "cursor"}, by_cursor),
    "next_link": ({"kind": "next_link"}, by_link),
    "link_header": ({"kind": "link_header"}, by_header),
    "shopify": ({"kind": "shopify"}, by_header),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_page_is_read_once(way: str) -> None:
    pages, answer = WAYS[way]
    with serve(answer) as server:
        assert fetch(connector("rest", config(server, pages, {"params": {"status": "any"}}))).ids() == ALL


@pytest.mark.parametrize("way", WAYS)
def test_a_pull_goes_on_from_any_page(way: str) -> None:
    pages, answer = WAYS[way]
    with serve(answer) as server:
        first = fetch(connector("rest", config(server, pages)), batches=2)
        rest = fetch(connector("rest", config(server, pages)), resume=first.resumes[-1])
    assert first.ids() + rest.ids() == ALL


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", [
    Reply(status=500), Reply(status=429, headers={"Retry-After": "1"}), Reply({"items": ROWS}, cut=40),
    Reply(raw=b'{"items": [{"id": 1'),
], ids=["500", "429", "dropped", "truncated"])  # fmt: skip
def test_trouble_on_the_way_loses_and_repeats_nothing(way: str, fault: Reply) -> None:
    pages, answer = WAYS[way]
    with serve(answer) as server:
        server.faults.extend([None, fault, fault, None, fault])
        assert fetch(connector("rest", config(server, pages))).ids() == ALL


def test_the_same_page_once_more_is_asked_for_again() -> None:
    with serve(by_page) as server:
        server.faults.extend([None, Reply({"items": ROWS[:5]})])
        assert fetch(connector("rest", config(server, {"kind": "page", "size": 5}))).ids() == ALL


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_a_server_that_does_not_know_paging_is_refused_instead_of_half_read(kind: str) -> None:
    with serve(lambda _: Reply({"items": ROWS[:5]})) as server:
        made = connector("rest", config(server, {"kind": kind, "size": 5}))
        with pytest.raises(ConnectorFailed) as raised:
            fetch(made)
    assert raised.value.code == "page_repeated"
    assert "pages" in raised.value.message


def test_a_server_that_repeats_its_last_page_for_ever_ends_there() -> None:
    def answer(request: Request) -> Reply:
        page = min(int(request.query["page"]), 5)
        return Reply({"items": ROWS[(page - 1) * 5 : page * 5]})

    with serve(answer) as server:
        assert fetch(connector("rest", config(server, {"kind": "page", "size": 5}))).ids() == ALL


def test_a_full_last_page_that_repeats_is_forgiven_where_the_total_is_reached() -> None:
    def answer(request: Request) -> Reply:
        page = min(int(request.query["page"]), 4)
        return Reply({"items": ROWS[(page - 1) * 5 : page * 5], "total": 20})

    with serve(answer) as server:
        pages = {"kind": "page", "size": 5, "total": "total"}
        assert fetch(connector("rest", config(server, pages))).ids() == ALL[:20]


def test_a_total_that_shrinks_while_one_reads_ends_nothing_early() -> None:
    def answer(request: Request) -> Reply:
        found = by_page(request)
        return Reply({**found.data, "total": 7})

    with serve(answer) as server:
        pages = {"kind": "page", "size": 5, "total": "total"}
        assert fetch(connector("rest", config(server, pages))).ids() == ALL


def test_an_empty_page_in_the_middle_is_no_end() -> None:
    def answer(request: Request) -> Reply:
        page = int(request.query["page"])
        return Reply({"items": []}) if page == 3 else by_page(Request("GET", "/", {"page": str(page - (page > 3)),
                                                                                  "per_page": "5"}, {}))  # fmt: skip

    with serve(answer) as server:
        assert fetch(connector("rest", config(server, {"kind": "page", "size": 5}))).ids() == ALL


def test_an_empty_page_with_a_cursor_is_no_end() -> None:
    def answer(request: Request) -> Reply:
        if request.query.get("cursor") == "5":
            return Reply({"items": [], "next_cursor": "5b"})
        start = int(request.query.get("cursor", "0").rstrip("b"))
        more = str(start + 5) if start + 5 < len(ROWS) else None
        return Reply({"items": ROWS[start : start + 5], "next_cursor": more})

    with serve(answer) as server:
        assert fetch(connector("rest", config(server, {"kind": "cursor"}))).ids() == ALL


@pytest.mark.parametrize("target", ["/orders?after=5", "/orders?after=10"], ids=["to itself", "in a circle"])
def test_links_that_lead_back_are_noticed(target: str) -> None:
    def answer(request: Request) -> Reply:
        start = int(request.query.get("after", 0))
        following = target if start >= 15 or (start == 5 and target.endswith("=5")) else f"/orders?after={start + 5}"
        return Reply({"items": ROWS[start : start + 5], "next": following})

    with serve(answer) as server:
        with pytest.raises(ConnectorFailed) as raised:
            fetch(connector("rest", config(server, {"kind": "next_link"})))
        assert len(server.requests) < 12
    assert raised.value.code == "page_loop"


SINCE = {"incremental": {"field": "updated_at", "param": "updated_since"}}


def test_what_changed_is_asked_for_and_the_highest_moment_is_kept_whatever_the_order() -> None:
    with serve(by_page) as server:
        pages = {"kind": "page", "size": 5}
        found = fetch(connector("rest", config(server, pages, SINCE)), watermark="2026-08-01T00:00:00Z")
        assert {one.query["updated_since"] for one in server.requests} == {"2026-08-01T00:00:00Z"}
    assert found.watermark == "2026-09-24T10:00:00Z"
    assert found.ids() == ALL


def test_the_first_pull_asks_for_everything() -> None:
    with serve(by_page) as server:
        fetch(connector("rest", config(server, {"kind": "page"}, SINCE)))
        assert all("updated_since" not in one.query for one in server.requests)


@pytest.mark.parametrize(("form", "before", "asked"), [
    ("iso", "2026-09-30T12:00:00Z", "2026-09-30T11:00:00Z"),
    ("iso", "2026-09-30T12:00:00+02:00", "2026-09-30T11:00:00+02:00"),
    ("iso", "2026-09-30 00:30:00", "2026-09-29 23:30:00"), ("iso", "2026-09-30", "2026-09-29"),
    ("epoch", "1790769600", "1790766000"), ("epoch_ms", "1790769600123", "1790766000123"),
])  # fmt: skip
def test_the_overlap_goes_back_in_the_watermarks_own_form(form: str, before: str, asked: str) -> None:
    with serve(lambda _: Reply({"items": []})) as server:
        stream = {"incremental": {"field": "u", "param": "since", "format": form, "value": "gte:{since}"}}
        fetch(connector("rest", config(server, None, stream, overlap_s=3600)), watermark=before)
        assert server.requests[0].query["since"] == f"gte:{asked}"


def test_records_without_the_watermark_are_taken_and_said() -> None:
    rows = [{"id": 1, "updated_at": "2026-09-01T00:00:00Z"}, {"id": 2}, {"id": 3, "updated_at": None},
            {"id": 4, "updated_at": "soon"}]  # fmt: skip
    with serve(lambda _: Reply({"items": rows})) as server:
        found = fetch(connector("rest", config(server, None, SINCE)))
    assert found.ids() == [1, 2, 3, 4]
    assert found.watermark == "2026-09-01T00:00:00Z"
    assert found.warnings == [
        "3 records have no readable updated_at; they were taken in, but changes to them are not noticed by the next "
        "incremental pull."
    ]


@pytest.mark.parametrize(("auth", "secret", "sent"), [
    ({"kind": "basic"}, {"username": "a", "password": "b"}, {"authorization": "Basic YTpi"}),
    ({"kind": "bearer"}, {"token": "t"}, {"authorization": "Bearer t"}),
    ({"kind": "bearer", "scheme": "Token"}, {"token": "t"}, {"authorization": "Token t"}),
    ({"kind": "api_key"}, {"api_key": "k"}, {"x-api-key": "k"}),
    ({"kind": "api_key", "header": "X-Shopify-Access-Token"}, {"api_key": "k"}, {"x-shopify-access-token": "k"}),
])  # fmt: skip
def test_logins_in_headers(auth: Any, secret: dict[str, str], sent: dict[str, str]) -> None:
    with serve(lambda _: Reply({"items": []})) as server:
        fetch(connector("rest", config(server, auth=auth), secret))
        assert sent.items() <= server.requests[0].headers.items()


def test_a_key_in_the_query() -> None:
    with serve(by_page) as server:
        auth = {"kind": "api_key", "param": "apikey"}
        assert fetch(connector("rest", config(server, {"kind": "page"}, auth=auth), {"api_key": "k"})).ids() == ALL
        assert {one.query["apikey"] for one in server.requests} == {"k"}


def test_a_missing_field_of_the_secret_is_named() -> None:
    with serve(by_page) as server, pytest.raises(ConnectorFailed, match="no field 'token'"):
        fetch(connector("rest", config(server, auth={"kind": "bearer"}), {"username": "x"}))


def test_an_oauth_token_is_fetched_once_kept_and_renewed_when_it_is_refused() -> None:
    tokens: list[str] = []

    def answer(request: Request) -> Reply:
        if request.path == "/token":
            assert request.body == {"grant_type": "client_credentials", "scope": "read"}
            assert request.headers["authorization"].startswith("Basic ")
            tokens.append(f"t{len(tokens) + 1}")
            return Reply({"access_token": tokens[-1], "expires_in": 3600})
        if request.headers.get("authorization") != f"Bearer {tokens[-1]}":
            return Reply(status=401)
        if request.query["page"] == "3" and len(tokens) == 1:
            tokens.append("expired")
            return Reply(status=401)
        return by_page(request)

    with serve(answer) as server:
        auth = {"kind": "oauth2", "token_url": server.url + "/token", "scope": "read"}
        secret = {"client_id": "id", "client_secret": "s"}
        assert fetch(connector("rest", config(server, {"kind": "page", "size": 5}, auth=auth), secret)).ids() == ALL
        assert [one.path for one in server.requests].count("/token") == 2


def test_a_login_that_stays_refused_is_tried_twice_and_no_more() -> None:
    def answer(request: Request) -> Reply:
        return Reply({"access_token": "t"}) if request.path == "/token" else Reply(status=401)

    with serve(answer) as server:
        auth = {"kind": "oauth2", "token_url": server.url + "/token", "credentials_in": "body"}
        with pytest.raises(ConnectorFailed) as raised:
            fetch(connector("rest", config(server, auth=auth), {"client_id": "id", "client_secret": "s"}))
        assert [one.path for one in server.requests] == ["/token", "/orders", "/token", "/orders"]
    assert raised.value.code == "auth_failed"


@pytest.mark.parametrize(("data", "records", "said"), [
    ({"data": [1]}, "", "Lists are at: data"), ({"x": 1}, "items", "no list of records at 'items'"),
    ([1, 2], "", "no list of records"), ({"items": {"a": 1}}, "items", "no list of records"),
])  # fmt: skip
def test_records_that_are_elsewhere(data: Any, records: str, said: str) -> None:
    with serve(lambda _: Reply(data)) as server, pytest.raises(ConnectorFailed, match=said):
        fetch(connector("rest", config(server, None, {"records": records})))


def test_nested_paths_and_bare_lists_are_read() -> None:
    with serve(lambda _: Reply({"a": {"b": [{"id": 1}]}})) as server:
        assert fetch(connector("rest", config(server, None, {"records": "a.b"}))).ids() == [1]
    with serve(lambda _: Reply([{"id": 1}])) as server:
        assert fetch(connector("rest", config(server, None, {"records": ""}))).ids() == [1]


@pytest.mark.parametrize(("wrong", "field"), [
    ({"base_url": "https://x"}, "config.streams"),
    ({"base_url": "https://x", "streams": [{"name": "a/b", "path": "/"}]}, "config.streams.0.name"),
    ({"base_url": "https://x", "streams": [{"name": "a", "path": "/"}], "pagination": {}}, "config.pagination"),
    ({"base_url": "https://x", "streams": [{"name": "a", "path": "/"}], "pages": {"kind": "pages"}}, "config.pages"),
])  # fmt: skip
def test_a_config_that_does_not_fit_names_the_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        ConnectorFactory.config("rest", wrong)
    assert raised.value.field == field


@pytest.mark.parametrize("name", ["erp", "accounting", "inventory"])
def test_older_names_are_spoken_to_over_rest(name: str) -> None:
    assert ConnectorFactory.kind(name).type == "rest"
