"""``pytest``, as the visible checks use it: their marks do nothing where pytest is not running."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any


class _Mark:
    """Can be named, called with arguments, and put before a function, which stays as it is."""

    def __getattr__(self, name: str) -> _Mark:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args[0] if len(args) == 1 and callable(args[0]) and not kwargs else self


pytest: Any = sys.modules.get("pytest") or SimpleNamespace(mark=_Mark(), param=_Mark())
