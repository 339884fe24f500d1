"""Modules that do nothing, in place of those that are released beside the notebook."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

# Whatever is taken from such a module can be called, looped over and entered, and does nothing, so
# that no experiment is run where work is graded.
STAND_IN = """
class Nothing:
    def __call__(self, *args, **kwargs): return self
    def __iter__(self): return iter(())
    def __getitem__(self, key): return self
    def __enter__(self): return self
    def __exit__(self, *raised): return True
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self

def __getattr__(name):
    if name.startswith("__"): raise AttributeError(name)
    return Nothing()
"""


class SupportModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules from their sources, by name.

    A module in one of these, such as ``rnn_check.checks``, has the same source as the whole.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in self._sources:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=True)

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        module.__file__ = f"{name}.py"
        source = self._sources[name.partition(".")[0]]
        exec(compile(source, module.__file__, "exec"), module.__dict__)


@contextmanager
def stand_ins(names: Collection[str]) -> Iterator[None]:
    """Within, these modules do nothing when they are imported, nor do the modules in them."""

    def loaded() -> dict[str, types.ModuleType]:
        return {key: one for key, one in sys.modules.items() if key.partition(".")[0] in names}

    finder, before = SupportModules(dict.fromkeys(names, STAND_IN)), loaded()
    for name in before:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in loaded():
            del sys.modules[name]
        sys.modules.update(before)


def provide(sources: Mapping[str, str]) -> None:
    """Makes the modules importable."""
    sys.meta_path.append(SupportModules(sources))
