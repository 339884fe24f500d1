"""Cells run as in a notebook: in order, and a failing one costs what it had not yet defined."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.worker import wire
from autograder.worker.cells import MAX_TEXT, Namespace, Surroundings


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Namespace]:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    yield Namespace()
    linecache.clearcache()


def run(notebook: Namespace, *cells: str) -> list[dict[str, object]]:
    """Runs the cells; what the grading process gets of those that fail."""
    troubles: list[dict[str, object]] = []
    for number, source in enumerate(cells, start=1):
        try:
            notebook.run(f"cell {number}", source, None, lambda index: None)
        except BaseException as error:
            troubles.append(wire.decode(wire.encode(notebook.describe(error))[8:]))
    return troubles


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that are there and cannot be imported, or import one that is not there."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "raises.py").write_text("raise OSError('no file')")
    (tmp_path / "needs.py").write_text("import no_such")


def names(notebook: Namespace) -> dict[str, Any]:
    return {name: value for name, value in notebook.names.items() if not name.startswith("_")}


def defined(notebook: Namespace) -> dict[str, Any]:
    hidden = {"get_ipython", "display", "annotations"}
    return {name: value for name, value in names(notebook).items() if name not in hidden}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["x = 1", "y = x + 1"], {"x": 1, "y": 2}),
        (["x = 1", "x = 2"], {"x": 2}),
        (["x = 1", "1/0", "y = x"], {"x": 1, "y": 1}),
        (["x = 1\nraise ValueError\ny = 2", "z = x"], {"x": 1, "z": 1}),
        (["x = 1\nimport sys\nsys.exit(0)\ny = 2", "del sys; z = x"], {"x": 1, "z": 1}),
        (["x = 1\ny = (", "z = 3"], {"z": 3}),
        (["x = 1\nreturn 2", "z = 3"], {"x": 1, "z": 3}),
        (["x = 1\0", "z = 3"], {"z": 3}),
        (["if __name__ == '__main__':\n    x = 1"], {"x": 1}),
        (["\n\n# %% a script's cell\nx = 1"], {"x": 1}),
        (["# %% only a comment"], {}),
        (["x = " + "(" * 1000 + ")" * 1000, "z = 3"], {"z": 3}),
    ],
    ids=[
        *("in order", "last wins", "failing cell", "what stood before", "exit", "syntax"),
        *("return", "null", "main", "script", "comment", "brackets"),
    ],
)
def test_a_failing_cell_costs_what_it_had_not_yet_defined(
    notebook: Namespace, cells: list[str], expected: dict[str, int]
) -> None:
    run(notebook, *cells)
    assert defined(notebook) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline\nx = 1", {"x": 1}),
        ("!pip install numpy\nx = 1", {"x": 1}),
        ("files = !ls\nx = 1", {"files": None, "x": 1}),
        ("x = 1\nx?\n?x\nx??", {"x": 1}),
        ("%load_ext autoreload\n%autoreload 2\nx = 1", {"x": 1}),
        ("%time x = 1", {"x": 1}),
        ("x = 1\n%timeit -n 10 -r 3 x + 1\ny = 2", {"x": 1, "y": 2}),
        ("def f():\n    %time y = 1\n    return 1\nx = f()\ndel f", {"x": 1, "y": 1}),
        ("%%time\nx = 1", {"x": 1}),
        ("%%timeit -n 10\nx = 1", {"x": 1}),
        ("%%capture output\n\n%%time\nx = 1\n%cd ..\ny = 2", {"x": 1, "y": 2}),
        ("%%bash\necho $((1 + 1))\nx = 1", {}),
        ("%%writefile stub.py\nx = 1", {}),
        ("%%html\n<b>x = 1</b>", {}),
        ("get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1", {"x": 1}),
        ("get_ipython().run_cell_magic('time', '', 'x = 1\\n')", {"x": 1}),
        ("get_ipython().system('rm -rf .')\nx = 1", {"x": 1}),
        ("x = 7 %2\ny = 'a ! b ?'", {"x": 1, "y": "a ! b ?"}),
    ],
)
def test_magics_do_nothing_and_python_in_them_runs(
    notebook: Namespace, cell: str, expected: dict[str, object]
) -> None:
    assert run(notebook, cell) == []
    assert defined(notebook) == expected


def test_a_timed_cell_is_stopped_where_it_failed(notebook: Namespace) -> None:
    (trouble,) = run(notebook, "%%time\nx = 1\n1/0\ny = 2")
    assert (trouble["cell"], trouble["line"]) == ("cell 1", 3)
    assert defined(notebook) == {"x": 1}


def test_a_shell_line_does_not_hide_a_syntax_error(notebook: Namespace) -> None:
    (trouble,) = run(notebook, "!ls\nx = (\n")
    assert trouble["type"] == "SyntaxError"
    assert trouble["cell"] == "cell 1"


def test_future_imports_hold_from_there_on(notebook: Namespace) -> None:
    cells = [
        "def f(x: unknown): pass",
        "from __future__ import annotations",
        "def g(x: unknown): pass",
    ]
    (trouble,) = run(notebook, *cells)
    assert (trouble["type"], trouble["cell"]) == ("NameError", "cell 1")
    assert notebook.names["g"].__annotations__ == {"x": "unknown"}


@pytest.mark.parametrize(
    "cell",
    [
        "def f(x: int): pass",
        "%%time\ndef f(x: int): pass",
        "get_ipython().run_cell_magic('time', '', 'def f(x: int): pass')",
    ],
)
def test_the_grader_s_own_future_imports_do_not_leak(notebook: Namespace, cell: str) -> None:
    assert run(notebook, cell) == []
    assert notebook.names["f"].__annotations__ == {"x": int}


def test_only_so_many_statements_run_and_each_but_the_first_is_announced(
    notebook: Namespace,
) -> None:
    announced: list[int] = []
    notebook.run("cell 1", "x = 1\ny = 2\nz = 3", 2, announced.append)
    assert announced == [1]
    assert defined(notebook) == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("statement", "name", "why"),
    [
        ("import no_such", "no_such", "`no_such` is not installed here, so {} had no effect"),
        ("import no_such.part", "no_such", "`no_such` is not installed here, so {} had no effect"),
        ("import no_such as n", "n", "`no_such` is not installed here, so {} had no effect"),
        ("import os.no", "os", "`os.no` is not installed here, so {} had no effect"),
        ("from no_such import a", "a", "`no_such` is not installed here, so {} had no effect"),
        ("from no_such import a as b", "b", "`no_such` is not installed here, so {} had no effect"),
        ("from no_such import *", "a", "name 'a' is not defined; `no_such` is not installed here"),
        ("import needs", "needs", "`no_such` is not installed here, so {} had no effect"),
        ("import raises", "raises", "{} failed with OSError: no file"),
        ("from json import no", "no", "{} failed with ImportError: cannot import name 'no'"),
        ("from . import no", "no", "{} failed with ImportError: attempted relative import"),
    ],
)
@pytest.mark.usefixtures("broken")
def test_an_import_that_fails_is_named_where_its_name_is_used(
    notebook: Namespace, statement: str, name: str, why: str
) -> None:
    (trouble,) = run(notebook, f"x = 1\n{statement}\ny = 2", f"def f():\n    return {name}\nf()")
    assert defined(notebook).keys() == {"x", "y", "f"}
    expected = why.format(f"`{statement}` in cell 1")
    assert (trouble["type"], trouble["cell"], trouble["line"]) == ("NameError", "cell 2", 2)
    assert str(trouble["text"]).startswith(expected)


def test_of_several_imports_in_one_statement_those_that_fail_have_no_effect(
    notebook: Namespace,
) -> None:
    cell = "import json, no_such, math as m\nfrom math import pi, no, tau\nx = 1"
    (trouble,) = run(notebook, cell, "no")
    assert defined(notebook).keys() == {"json", "m", "pi", "tau", "x"}
    said = "`from math import no` in cell 1 failed with ImportError: cannot import name 'no'"
    assert str(trouble["text"]).startswith(said)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["try:\n    import no_such\nexcept ImportError:\n    x = 1"], {"x": 1}),
        (["try:\n    from no_such import a\nfinally:\n    x = 1\ny = 2"], {"x": 1}),
        (["x = 1", "from no_such import x", "y = x"], {"x": 1, "y": 1}),
        (["import no_such", "no_such = 3", "y = no_such"], {"no_such": 3, "y": 3}),
        (["import no_such\ntry:\n    no_such\nexcept NameError:\n    x = 1"], {"x": 1}),
        (["import no_such\nx = no_such\ny = 2\n1/0\nz = 3"], {"y": 2}),
        (["import no_such\nx = 1\nunknown\ny = 2"], {"x": 1}),
        (["%%time\nimport no_such\nx = 1"], {"x": 1}),
        (["from __future__ import no_such\nx = 1"], {}),
    ],
)
def test_what_an_import_that_fails_costs(
    notebook: Namespace, cells: list[str], expected: dict[str, int]
) -> None:
    run(notebook, *cells)
    assert defined(notebook) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("display(1)\nx = 1", {"x": 1}),
        ("display(1, 2, metadata=None)\nx = display(3)", {"x": None}),
        ("h = display(1, display_id='a')\nh.update(2)\nh.display(3)\ndel h", {}),
        ("async def f():\n    return 3\nx = await f()\ndel f", {"x": 3}),
        (
            "import asyncio\nasync def f(n):\n    await asyncio.sleep(n / 1000)\n    return n\n"
            "x = await asyncio.gather(f(2), f(1), asyncio.to_thread(abs, -3))\ndel asyncio, f",
            {"x": [2, 1, 3]},
        ),
        (
            "async def g():\n    yield 1\n    yield 2\nx = [one async for one in g()]\n"
            "async for y in g():\n    pass\ndel g",
            {"x": [1, 2], "y": 2},
        ),
        ("%%time\nasync def f():\n    return 3\nx = await f()\ndel f", {"x": 3}),
        ("async def f():\n    return 3\n%time x = await f()\ndel f", {"x": 3}),
    ],
)
def test_what_jupyter_has_beside_python_works(
    notebook: Namespace, cell: str, expected: dict[str, object]
) -> None:
    assert run(notebook, cell) == []
    assert defined(notebook) == expected


def test_what_is_awaited_and_fails_is_reported_with_its_place(notebook: Namespace) -> None:
    cell = "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 1 / 0\nawait f()"
    (trouble,) = run(notebook, cell)
    assert (trouble["type"], trouble["cell"], trouble["line"]) == ("ZeroDivisionError", "cell 1", 4)


def test_source_and_pickles_work_as_in_a_notebook(notebook: Namespace) -> None:
    cell = """
import inspect, pickle
from dataclasses import dataclass
@dataclass
class Point:
    x: int
def f():
    return Point(1)
same = pickle.loads(pickle.dumps(f())) == Point(1)
text = inspect.getsource(f)
"""
    assert run(notebook, cell) == []
    assert notebook.names["same"]
    assert notebook.names["text"] == "def f():\n    return Point(1)\n"


@pytest.mark.parametrize(
    ("cell", "kind", "text", "line"),
    [
        ("x = 1\n1/0", "ZeroDivisionError", "division by zero", 2),
        ("def f():\n    return unknown\n\nf()", "NameError", "name 'unknown' is not defined", 2),
        ("import json\njson.loads('{')", "ValueError", "Expecting property name", 2),
        ("class Own(KeyError): pass\nraise Own('a')", "KeyError", "'a'", 2),
        ("class Own(BaseException): pass\nraise Own", "BaseException", "", 2),
        ("raise ValueError('a\\n\\x1b[31mred\\0\\ud800')", "ValueError", "a  [31mred", 1),
        ("raise ValueError('x' * 10**7)", "ValueError", "x" * (MAX_TEXT - 1) + "…", 1),
        (f"raise ValueError('x' * {MAX_TEXT})", "ValueError", "x" * MAX_TEXT, 1),
        ("raise ValueError(hex(10**9))", "ValueError", "0x...", 1),
        ("x = 1\ny = = 2", "SyntaxError", "invalid syntax", 2),
        ("x = 1\ny = '\0'", "SyntaxError", "a cell cannot hold a null character", 2),
        ("raise SyntaxError('a', ('b', None, 1, 'c'))", "SyntaxError", "a", 0),
        ("raise SyntaxError('a', ('b', 10**30, 1, 'c'))", "SyntaxError", "a", None),
        ("raise SystemExit", "SystemExit", "", 1),
        ("import numpy\nnumpy.zeros(1)[2]", "IndexError", "index 2 is out of bounds", 2),
        (
            "class Own(Exception):\n    def __str__(self): raise KeyError\nraise Own",
            "Exception",
            "",
            3,
        ),
        (
            "class S(str):\n    def __getitem__(self, i): raise KeyError\n"
            "class Own(Exception):\n    def __str__(self): return S('a')\nraise Own",
            "Exception",
            "a",
            5,
        ),
    ],
)
def test_an_exception_is_short_plain_text_with_its_place(
    notebook: Namespace, cell: str, kind: str, text: str, line: int | None
) -> None:
    (trouble,) = run(notebook, cell)
    assert trouble["type"] == kind
    assert str(trouble["text"]).startswith(text)
    assert str(trouble["text"]).isprintable()
    assert len(str(trouble["text"])) <= MAX_TEXT
    if line is not None:
        assert trouble["line"] == line


def test_surroundings_are_put_back() -> None:
    import builtins
    import warnings

    import numpy as np
    import torch

    before = (builtins.sum, builtins.vars, builtins.isinstance, np.geterr())
    surroundings = Surroundings()
    with warnings.catch_warnings():
        try:
            np.seterr(all="raise")
            warnings.simplefilter("error")
            torch.set_default_dtype(torch.float64)
            torch.set_default_device("meta")
            torch.set_grad_enabled(False)
            del builtins.sum
            builtins.vars = builtins.isinstance = None  # type: ignore[assignment]
        finally:
            surroundings.put_back()
        assert (builtins.sum, builtins.vars, builtins.isinstance, np.geterr()) == before
        warnings.warn("not raised", stacklevel=1)
    assert torch.ones(1).dtype == torch.float32
    assert torch.ones(1).device.type == "cpu"
    assert torch.is_grad_enabled()
