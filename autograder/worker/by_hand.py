"""Switches automatic differentiation off while a function runs that is to be derived by hand.

What the libraries come to in the end is replaced, not what students write: so it is of no use to
have kept a function from before, nor to call it in another thread. Nothing is recorded either, so
that no graph can be walked by hand. Where nothing is to be derived by hand, all is as ever.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

REFUSAL = (
    "automatic differentiation is switched off here: this function is to be derived by hand, with "
    "arrays or plain tensors"
)
# Through these, libraries come to every derivative; torch also by what is replaced in ``guard``.
ENTRANCES = (
    ("torch._VF", ("_make_dual",)),
    ("torch._functorch.predispatch", ("_make_dual",)),
    ("autograd.core", ("trace",)),
    ("jax._src.interpreters.ad", ("vjp", "jvp", "linearize")),
)

_running: list[object] = []


def _refuse(*_: Any, **__: Any) -> Any:
    raise RuntimeError(REFUSAL)


def _replaced(function: Any, instead: Callable[..., Any]) -> Any:
    """The function; where something is derived by hand, ``instead(function, ...)``."""

    def replaced(*args: Any, **kwargs: Any) -> Any:
        return instead(function, *args, **kwargs) if _running else function(*args, **kwargs)

    replaced.__dict__["replaced_by"] = {*getattr(function, "replaced_by", ()), __name__}
    return replaced


def _is_replaced(function: Any) -> bool:
    """By this module: each self-check has a copy of it, which replaces by itself."""
    return __name__ in getattr(function, "replaced_by", ())


def _replace(owner: Any, name: str, instead: Callable[..., Any] = _refuse) -> None:
    function = getattr(owner, name, None)
    if function is not None and not _is_replaced(function):
        setattr(owner, name, _replaced(function, instead))


def _torch() -> Any:
    """torch, if all of it is loaded."""
    return "torch.autograd" in sys.modules and sys.modules.get("torch")


def guard() -> None:
    """Replaces what leads to derivatives in the libraries that are loaded."""
    if torch := _torch():
        _guard_torch(torch, sys.modules["torch.autograd"])
    for module, names in ENTRANCES:
        for name in names if module in sys.modules else ():
            _replace(sys.modules[module], name)


def _guard_torch(torch: Any, differentiation: Any) -> None:
    variable = differentiation.Variable
    own: Any = type(variable._execution_engine)
    if not _is_replaced(own.run_backward):
        # No attribute of the engine itself can be set.
        members = {"run_backward": _replaced(own.run_backward, _refuse)}
        engine = type(own.__name__, (own,), members)
        torch._C._EngineBase = torch._C._ImperativeEngine = engine
        variable._execution_engine = engine()
    _replace(torch._C, "_set_grad_enabled", lambda own, on: _refuse() if on else own(on))
    _replace(torch._C, "_set_fwd_grad_enabled", lambda own, on: _refuse() if on else own(on))
    _replace(torch._C, "_InferenceMode", lambda own, on=True: own(on) if on else _refuse())

    def begin(own: Any, thread: Any) -> Any:
        torch._C._set_grad_enabled(False)
        return own(thread)

    _replace(threading.Thread, "_bootstrap_inner", begin)


@contextmanager
def by_hand() -> Iterator[None]:
    """Within, automatic differentiation raises RuntimeError, which says why."""
    guard()
    torch = _torch()
    before = bool(torch) and torch.is_grad_enabled()
    _running.append(None)
    try:
        if torch:
            torch._C._set_grad_enabled(False)
            torch._C._set_fwd_grad_enabled(False)
        yield
    finally:
        _running.pop()
        if torch:
            torch._C._set_grad_enabled(before)
            torch._C._set_fwd_grad_enabled(True)
