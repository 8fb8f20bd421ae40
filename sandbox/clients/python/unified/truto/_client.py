"""The client and its resources."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from ._answers import Answers, Page
from ._errors import TrutoError
from ._transport import Transport

BASE_URL = "https://api.truto.one"

Named = TypeVar("Named")


class Truto:
    """A client of the unified API. It never repeats a request by itself.

    `truto.unified.<model>.<resource>` is any resource of any model, `truto.proxy.<resource>` the provider's own.
    """

    def __init__(self, api_key: str | None = None, base_url: str = BASE_URL, timeout: float = 60.0) -> None:
        self._transport = Transport(api_key, base_url, timeout)
        send = self._transport.send
        self.unified: ByName[ByName[Resource]] = ByName(
            lambda model: ByName(lambda resource: Resource(send, "unified", model, resource))
        )
        self.proxy: ByName[Resource] = ByName(lambda resource: Resource(send, "proxy", *resource.split("/")))
        self.integrated_accounts = IntegratedAccounts(send)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One request to any path, for what has no method of its own."""
        return self._transport.send(method, path, query, data, headers)


class ByName(Generic[Named]):
    """Something by every name: as an attribute and as an item."""

    def __init__(self, make: Callable[[str], Named]) -> None:
        self._make = make
        self._made: dict[str, Named] = {}

    def __getitem__(self, name: str) -> Named:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __getattr__(self, name: str) -> Named:
        # What Python itself asks an object for, such as `__deepcopy__`.
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]


class Resource:
    """A resource. `query` and `headers` take what has no option of its own."""

    def __init__(self, send: Callable[..., Any], *segments: str) -> None:
        self._send = send
        self._path = "/" + "/".join(_segment(segment) for segment in segments)

    def list(
        self,
        *,
        integrated_account_id: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        next_cursor: str | None = None,
        prev_cursor: str | None = None,
        filter: Mapping[str, Any] | None = None,
        sort_by: str | Mapping[str, str] | None = None,
        ignore_limit: bool | None = None,
        key_by: str | None = None,
        **options: Any,
    ) -> Page:
        """One page: `result` (also `data`), `next_cursor`, `prev_cursor`, `headers`."""
        own = {
            "limit": page_size if limit is None else limit,
            "next_cursor": next_cursor,
            "prev_cursor": prev_cursor,
            "sort_by": sort_by,
            "truto_ignore_limit": ignore_limit,
            "truto_key_by": key_by,
        }
        return self._call("GET", "", {**(filter or {}), **own}, integrated_account_id, **options)

    def get(self, id: str, *, integrated_account_id: str | None = None, **options: Any) -> Any:
        return self._call("GET", _identified(id), {}, integrated_account_id, **options)

    def create(
        self,
        *,
        data: Mapping[str, Any] | None = None,
        integrated_account_id: str | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> Any:
        return self._call("POST", "", {}, integrated_account_id, data or {}, idempotency_key, **options)

    def update(
        self,
        id: str,
        *,
        data: Mapping[str, Any] | None = None,
        integrated_account_id: str | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> Any:
        return self._call(
            "PATCH", _identified(id), {}, integrated_account_id, data or {}, idempotency_key, **options
        )

    def delete(self, id: str, *, integrated_account_id: str | None = None, **options: Any) -> Any:
        return self._call("DELETE", _identified(id), {}, integrated_account_id, **options)

    def method(
        self,
        name: str,
        *,
        data: Mapping[str, Any] | None = None,
        integrated_account_id: str | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> Any:
        """A method of the resource's own, such as `contacts.method("merge", data=…)`."""
        return self._call(
            "POST", f"/{_segment(name)}", {}, integrated_account_id, data or {}, idempotency_key, **options
        )

    def meta(self, method: str, *, integrated_account_id: str | None = None, **options: Any) -> Any:
        """What a method takes and gives."""
        return self._call("GET", f"/meta/{_segment(method)}", {}, integrated_account_id, **options)

    def _call(
        self,
        method: str,
        segment: str,
        own: Mapping[str, Any],
        integrated_account_id: str | None,
        data: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        *,
        remote_query: Mapping[str, Any] | None = None,
        exclude_fields: list[str] | None = None,  # type: ignore[valid-type]
        ignore_remote_data: bool | None = None,
        response_format: str | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        parameters = {
            **own,
            "integrated_account_id": integrated_account_id,
            "remote_query": remote_query,
            "truto_exclude_fields": exclude_fields,
            "truto_ignore_remote_data": ignore_remote_data,
            "truto_response_format": response_format,
            **(query or {}),
        }
        sent = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return self._send(method, self._path + segment, parameters, data, {**sent, **(headers or {})})


class IntegratedAccounts:
    """The accounts that customers have connected."""

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send = send

    def list(
        self,
        *,
        unified_model: str | None = None,
        tenant_id: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        filter: Mapping[str, Any] | None = None,
        sort_by: str | Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answers:
        """All accounts that fit, from all pages."""
        parameters = {
            **(filter or {}),
            "unified_model": unified_model,
            "tenant_id": tenant_id,
            "status": status,
            "limit": page_size if limit is None else limit,
            "sort_by": sort_by,
            **(query or {}),
        }
        accounts = Answers()
        while True:
            page = self._send("GET", "/integrated-account", parameters, None, headers)
            if not isinstance(page, Page) or not isinstance(page["result"], list_type):
                told = getattr(page, "headers", None)
                raise TrutoError("the answer holds no list of accounts", status=200, headers=told, body=page)
            accounts.extend(page["result"])
            accounts.headers = page.headers
            if not page.get("next_cursor"):
                return accounts
            parameters = {**parameters, "next_cursor": page["next_cursor"]}

    def get(self, id: str, *, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> Any:
        return self._send("GET", f"/integrated-account{_identified(id)}", query, None, headers)

    def capabilities(
        self,
        id: str,
        *,
        unified_model: str | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """What the account can do: models, resources, methods."""
        parameters = {"unified_model": unified_model, **(query or {})}
        return self._send("GET", f"/integrated-account{_identified(id)}/capabilities", parameters, None, headers)


# Inside the classes `list` is a method.
list_type = list


def _segment(text: str) -> str:
    return urllib.parse.quote(str(text), safe="")


def _identified(id: str) -> str:
    # A path without its last segment would be that of all records.
    if id is None or id == "":
        raise ValueError("an `id` is needed")
    return f"/{_segment(id)}"
