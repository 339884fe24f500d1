"""The modules that are released beside the notebook, for submissions that import them."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Mapping, Sequence


class SupportModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules from their sources, which the grading process sent."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name in self._sources else None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        module.__file__ = f"{name}.py"
        exec(compile(self._sources[name], f"{name}.py", "exec"), module.__dict__)


def provide(sources: Mapping[str, str]) -> None:
    """Makes the modules importable."""
    sys.meta_path.append(SupportModules(sources))
