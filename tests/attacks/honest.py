"""Odd but honest submissions: the right solution, as some student might hand it in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from autograder.submissions.reading import Submission

TOP = {
    "helper classes": """
import dataclasses, enum, functools, typing
@dataclasses.dataclass
class Weights:
    W_x: typing.Any
    W_h: typing.Any
    b_h: typing.Any
class Mode(enum.Enum):
    TRAIN = 1
""",
    "prints and warnings": """
import logging, sys, warnings
print("hello", "x" * 10_000)
print("to stderr", file=sys.stderr)
warnings.warn("look out")
logging.basicConfig(level=logging.DEBUG)
logging.error("an error that is none")
""",
    "threads of torch": """
import torch
from concurrent.futures import ThreadPoolExecutor
torch.set_num_threads(4)
products = ThreadPoolExecutor(4).map(lambda n: torch.randn(n, n) @ torch.randn(n, n), [99] * 8)
assert len(list(products)) == 8
""",
    "settings for all": """
import random, sys, warnings
import numpy as np, torch
np.seterr(all="raise")
np.set_printoptions(precision=2)
warnings.simplefilter("error")
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
np.random.seed(0)
random.seed(0)
sys.setrecursionlimit(5000)
""",
    "its own files": """
import pathlib, tempfile
import numpy as np
pathlib.Path("notes.txt").write_text("mine")
np.save("weights.npy", np.zeros(3))
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "more").write_text("x")
assert pathlib.Path("notes.txt").read_text() == "mine"
""",
    "plots and bars": """
import matplotlib.pyplot as plt
from tqdm.auto import tqdm
for _ in tqdm(range(3)):
    plt.plot([1, 2, 3])
plt.savefig("plot.png")
plt.show()
""",
    "magics": """
%matplotlib inline
%load_ext autoreload
!pip install numpy
""",
    "other encodings": """
# -*- coding: utf-8 -*-
größe, название, 大きさ = 1, "имя", "✓"
""",
}

END = {
    "caches": """
import functools
from functools import lru_cache
@lru_cache(maxsize=None)
def _factor(T):
    return 1.0
def _cached(function):
    calls = {}
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        calls.setdefault(len(calls), args)
        return function(*args, **kwargs)
    return wrapped
softmax = _cached(softmax)
rnn_forward = _cached(rnn_forward)
""",
    "stubs that are objects": """
import functools
class _Call:
    def __init__(self, function):
        self.function = function
    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)
    def method(self, *args, **kwargs):
        return self.function(*args, **kwargs)
softmax = _Call(softmax)
perplexity = _Call(perplexity).method
rnn_cell_forward = functools.partial(rnn_cell_forward)
cross_entropy = staticmethod(cross_entropy)
""",
    "prints in every call": """
import sys
def _loud(function):
    def loud(*args, **kwargs):
        print(args, kwargs)
        print(function, file=sys.stderr, flush=True)
        return function(*args, **kwargs)
    return loud
for _name in ("softmax", "rnn_forward", "sample_token", "generate", "bptt"):
    globals()[_name] = _loud(globals()[_name])
""",
    "torch inside": """
import torch
def softmax(logits):
    with torch.no_grad():
        return torch.softmax(torch.as_tensor(logits, dtype=torch.float64), dim=-1)
""",
    "quits at the end": """
if __name__ == "__main__":
    import sys
    print("done")
    sys.exit()
""",
    "a generator of its own": """
import numpy as np
_draw = sample_token
def sample_token(logits, rng, temperature=1.0, top_k=None):
    np.random.rand()
    return np.int64(_draw(np.array(logits), rng, temperature=temperature, top_k=top_k))
""",
}

FORMS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "CRLF": (".py", lambda text: text.replace("\n", "\r\n").encode()),
    "old Mac line ends": (".py", lambda text: text.replace("\n", "\r").encode()),
    "tabs": (".py", lambda text: _with_tabs(text).encode()),
    "byte order mark": (".py", lambda text: b"\xef\xbb\xbf" + text.encode()),
    "UTF-16": (".py", lambda text: text.encode("utf-16")),
    "Latin-1": (".py", lambda text: ("# für Zoë, 5 €\n" + text).encode("cp1252", "replace")),
    "a script named notebook": (".ipynb", lambda text: text.encode()),
    "no cells": (".py", lambda text: re.sub(r"(?m)^# %%.*$", "", text).encode()),
    "Jupyter's export": (".py", lambda text: _exported(text).encode()),
}


def _with_tabs(text: str) -> str:
    return re.sub(r"(?m)^( {4})+", lambda indent: "\t" * (len(indent[0]) // 4), text)


def _exported(text: str) -> str:
    return "#!/usr/bin/env python\n# coding: utf-8\n" + re.sub(r"(?m)^# %%.*$", "# In[ ]:\n", text)


def _as_notebook(submission: Submission) -> bytes:
    """With a large output, an odd version, and a cell of each other kind."""
    code: list[dict[str, object]] = [
        {"cell_type": "code", "source": cell.source.splitlines(True), "outputs": [], "metadata": {}}
        for cell in submission.cells
    ]
    code[0]["outputs"] = [{"output_type": "stream", "text": "x" * 1_000_000}]
    others: list[dict[str, object]] = [
        {"cell_type": kind, "source": "[x](y)"} for kind in ("markdown", "raw", "heading")
    ]
    return json.dumps({"cells": others + code, "nbformat": 4, "nbformat_minor": 99}).encode()


def written(text: str) -> dict[str, bytes]:
    """Files by name, each the right solution, ``text``, as some write it."""
    files = {f"{name}.py": f"# %%\n{top}\n{text}".encode() for name, top in TOP.items()}
    return files | {f"{name}.py": f"{text}\n# %%\n{end}".encode() for name, end in END.items()}


def saved(text: str, submission: Submission) -> dict[str, bytes]:
    """Files by name, each the right solution, as some editors save its script or its cells."""
    files = {f"{name}{suffix}": form(text) for name, (suffix, form) in FORMS.items()}
    return files | {"a large notebook.ipynb": _as_notebook(submission)}
