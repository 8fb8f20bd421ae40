"""What goes wrong."""

from __future__ import annotations

from typing import Any


class TrutoError(Exception):
    """What a call raises where the API answered with an error, or could not be reached (then `status` is 0)."""

    def __init__(self, message: str, *, status: int = 0, headers: dict[str, str] | None = None, body: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.headers = headers or {}
        self.body = body
