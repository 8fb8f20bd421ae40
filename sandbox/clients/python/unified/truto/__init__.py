"""A client of the unified API, on the standard library alone.

One call is one request: nothing is retried, cached or waited for, so that a program sees every answer, errors and
limits included.
"""

from ._answers import Answer, Answers, Page
from ._client import Truto
from ._errors import TrutoError

__all__ = ["Answer", "Answers", "Page", "Truto", "TrutoError"]
__version__ = "0.1.0"
