"""What the API answers, as Python sees it.

Objects are dictionaries whose keys are attributes too. What the client adds is an attribute alone, so an answer prints,
compares and serialises as the API's body.
"""

from __future__ import annotations

from typing import Any


class Answer(dict):
    """An object of the API: `contact["id"]` is `contact.id`. The answer itself also has `headers`, by lower-case names."""

    headers: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the answer has no `{name}`") from None


class Page(Answer):
    """A page of a list: `result`, the same as `data`, with `next_cursor`, `prev_cursor` and `headers`."""

    def __missing__(self, key: str) -> Any:
        if key == "data" and "result" in self:
            return self["result"]
        raise KeyError(key)


class Answers(list):
    """The objects of all pages of a list, with the `headers` of the last answer."""

    headers: dict[str, str]
