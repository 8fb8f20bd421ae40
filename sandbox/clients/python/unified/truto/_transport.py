"""Requests over HTTP."""

from __future__ import annotations

import datetime
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from ._answers import Answer, Page
from ._errors import TrutoError


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An API does not redirect: a token must not go where an answer points."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Transport:
    """Sends requests to one base URL with one key."""

    def __init__(self, api_key: str | None, base_url: str, timeout: float) -> None:
        self._api_key = api_key
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirects)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's body; `TrutoError` where it is an error or none came."""
        parameters = urllib.parse.urlencode(list(_parameters(query or {})))
        url = f"{self._base_url}{path}" + (f"?{parameters}" if parameters else "")
        sent = {"Accept": "application/json", "User-Agent": "truto-sdk-python/0.1.0"}
        # Without a key the API says what is missing.
        if self._api_key:
            sent["Authorization"] = f"Bearer {self._api_key}"
        body = None
        if data is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(data, default=_plain).encode()
        sent.update(headers or {})
        request = urllib.request.Request(url, data=body, headers=sent, method=method)
        try:
            try:
                answer = self._opener.open(request, timeout=self._timeout)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                status, reason, fields = answer.status, answer.reason, answer.headers
                text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            told = getattr(error, "reason", None) or error or type(error).__name__
            raise TrutoError(f"cannot reach {self._base_url}: {told}") from error
        answered = {name.lower(): value for name, value in fields.items()}
        content = _parsed(text, answered.get("content-type", ""))
        if not 200 <= status < 300:
            said = content.get("message") if isinstance(content, dict) else None
            told = said if isinstance(said, str) else f"{status} {reason}".strip()
            raise TrutoError(told, status=status, headers=answered, body=content)
        if isinstance(content, Answer):
            content.__dict__["headers"] = answered
        return content


def _parsed(text: str, kind: str) -> Any:
    """A body as its type says; one that only claims to be JSON stays text."""
    if not text:
        return None
    if "json" not in kind.lower():
        return text
    try:
        return json.loads(text, object_hook=lambda found: Page(found) if "result" in found else Answer(found))
    except ValueError:
        return text


def _parameters(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        yield from _pairs(name, value)


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """`{"created_at": {"gt": x}}` is `created_at[gt]=x`, `{"status": {"in": [a, b]}}` is `status[in]=a,b`, other lists
    are `name[]=a&name[]=b`."""
    if value is None:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]", inner)
    elif isinstance(value, (list, tuple, set)):
        if name.endswith("[in]"):
            yield name, ",".join(_text(item) for item in value)
        else:
            for item in value:
                yield from _pairs(f"{name}[]", item)
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else _plain(value)


def _plain(value: Any) -> str:
    """What JSON has no word for."""
    if isinstance(value, datetime.datetime):
        # A time without a zone would be the reader's to guess.
        return value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"a value of type `{type(value).__name__}` cannot be sent")
