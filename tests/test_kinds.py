"""Stubs of every kind, and arguments of every kind, of an assignment that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import Disagreement, untouched
from autograder.course.folders import Course
from autograder.course.reference import Reference
from autograder.course.stubs import Stub, Stubs
from autograder.misconceptions import Library, Misconception, Right
from autograder.misconceptions.explain import Effort, Lost, explain
from autograder.sandbox.workers import Sandbox
from autograder.self_check.student import NoAnswer, OwnStudent
from autograder.session.replies import StudentError
from autograder.session.session import Session
from autograder.session.student import Call, Student
from tests.conftest import LONG, submission

SOURCE = """# %%
import numpy as np

# %% part="1a" role="stub"
def half(x):
    return x / 2

def chain(x, layers):
    for W, b in layers:
        x = x @ W + b
    return x

def start(rng, size):
    return rng.normal(size=size)
"""
STUBS = """
from autograder.course.stubs import Stub

STUBS = {
    "half": Stub(takes=("NE",)),
    "chain": Stub(takes=("NE", ("*", ("?H", "H")))),
    "start": Stub(kind="varies"),
    "judge": Stub(kind="judges", judged=("NE", "E")),
    "Reader": Stub(kind="model", sizes=(3, 2)),
}
"""
Load = Callable[..., Student]


@pytest.fixture
def load(tmp_path: Path, sandbox: Sandbox) -> Iterator[Load]:
    """``load("cell", right=["half"])``: a student of that assignment, in a real worker."""
    folder = tmp_path / "solutions" / "kinds"
    folder.mkdir(parents=True)
    (folder / "kinds.py").write_text(SOURCE)
    (folder / "stubs.py").write_text(STUBS)
    reference = Reference(Course(tmp_path).assignment("kinds"))
    sessions: list[Session] = []

    def load(*cells: str, right: tuple[str, ...] = ()) -> Student:
        sessions.append(Session(submission(*cells), sandbox.controls[0], LONG, {}))
        sessions[-1].load()
        return Student(sessions[-1], reference, right)

    yield load
    for session in sessions:
        session.close()


# -- judges ---------------------------------------------------------------------------------------


def product(x: Any, w: Any) -> Any:
    return x * w


JUDGE = """
import numpy as np
def judge(f):
    x, w = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    if not np.allclose(f(x, w), x * w):
        return False
    assert np.allclose(f(x, w=0 * w), 0)
    return True
"""


def test_a_judge_calls_the_function_that_it_is_given(load: Load) -> None:
    student = load(JUDGE)
    assert student.judge(product) is True
    assert student.judge(lambda x, w: x + w) is False
    with pytest.raises(StudentError, match="AssertionError"):
        student.judge(lambda x, w: x * w + (w[0] == 0))
    assert student.judge(product) is True


def test_a_judged_function_may_return_a_tuple_and_may_fail(load: Load) -> None:
    student = load(
        "import numpy as np\n"
        "def judge(f):\n"
        "    try:\n        return type(f(np.ones((1, 2)), np.ones(2))).__name__\n"
        "    except Exception as error:\n        return str(error)\n"
    )
    assert student.judge(lambda x, w: (x, w)) == "tuple"
    assert student.judge(lambda x, w: [x, w]) == "list"
    assert "cannot be computed: ValueError" in student.judge(lambda x, w: np.linspace(0, 1, -1))


@pytest.mark.parametrize(
    "call",
    [
        "f(x)",
        "f(x, w, w)",
        "f(x, np.ones(4))",
        "f(x, 'text')",
        "f(np.ones((1 << 13, 3)), w)",
        "f.__code__",
        "f(x, v=w)",
    ],
)
def test_a_judge_gets_answers_and_nothing_else(load: Load, call: str) -> None:
    cell = f"import numpy as np\nx, w = np.ones((2, 3)), np.ones(3)\ndef judge(f): return {call}"
    student = load(cell)
    with pytest.raises(StudentError) as refused:
        student.judge(product)
    assert "product" not in str(refused.value)


def test_a_judge_may_keep_no_function_for_later(load: Load) -> None:
    student = load(
        "def judge(f):\n    global kept\n    kept = f\n\ndef later():\n    return kept(1)"
    )
    student.judge(product)
    with pytest.raises(StudentError):
        student.later()
    assert load(JUDGE).judge(product) is True


def test_judges_take_turns_with_what_else_is_asked(load: Load) -> None:
    """Each call of a function is answered before the worker reads another request."""
    student = load(JUDGE, "def double(x): return 2 * x")
    judged = [product, lambda x, w: x + w, product, lambda x, w: x]
    tasks: list[Callable[[], Any]] = []
    for number, function in enumerate(judged):
        tasks += [partial(student.judge, function), partial(student.double, float(number))]
    answers = student.session.together(tasks)
    assert answers[::2] == [True, False, True, False]
    assert answers[1::2] == [0.0, 2.0, 4.0, 6.0]


# -- arguments ------------------------------------------------------------------------------------


def test_tuples_lists_and_dicts_arrive_as_they_are(load: Load) -> None:
    kinds = "def kinds(value):\n    if isinstance(value, dict):\n"
    kinds += "        return {key: kinds(one) for key, one in value.items()}\n"
    kinds += "    if isinstance(value, (list, tuple)):\n"
    kinds += "        return [type(value).__name__, *map(kinds, value)]\n"
    kinds += "    return type(value).__name__\n"
    student = load(kinds, "def f(*args, **kwargs): return kinds(args), kinds(kwargs)")
    array, pair = np.ones(2), (np.ones(1), 2)
    two = ["tuple", "ndarray", "int"]
    got = student.f(array, pair, [pair, True], layers={"a": pair}, flag=False, none=None)
    assert got == [
        ["tuple", "ndarray", two, ["list", two, "bool"]],
        {"layers": {"a": two}, "flag": "bool", "none": "NoneType"},
    ]  # fmt: skip


def test_arguments_are_fresh_at_each_of_many_calls(load: Load) -> None:
    cell = "def f(layers, *, more):\n    for w, b in layers: w += 1\n    more['a'] += 1\n"
    student = load(cell + "    return float(layers[0][0].sum() + more['a'].sum())")
    layers = [(np.zeros(2), np.zeros(1))]
    assert student.many(3).f(layers, more={"a": np.zeros(1)}) == [3.0, 3.0, 3.0]
    assert not layers[0][0].any()


def test_arguments_within_others_are_seen_as_they_are_after_the_call(load: Load) -> None:
    student = load("def f(layers, state): layers[0][0][:] = 7")
    after = student.arguments_after.f([(np.zeros(2), np.zeros(1))], (np.ones(1), np.ones(1)))
    np.testing.assert_array_equal(after[0][0][0], [7, 7])
    np.testing.assert_array_equal(after[1][0], [1])


def test_a_right_stub_replaces_the_student_s_by_name(load: Load) -> None:
    cell = "import numpy as np\ndef half(x): return x\ndef f(x): return half(x)"
    assert load(cell).f(np.full((1, 1), 4.0))[0, 0] == 4
    assert load(cell, right=("half",)).f(np.full((1, 1), 4.0))[0, 0] == 2


LAYERS = [(np.eye(2), np.ones(2)), (np.ones((2, 3)), np.zeros(3))]
CHAIN = "def chain(x, layers): return 0 * x\ndef f(x, layers): return chain(x, {})"


def test_a_right_stub_that_takes_a_list_of_arrays_replaces_the_student_s(load: Load) -> None:
    x, layers = np.ones((1, 2)), [(np.eye(2), np.ones(2)), (np.eye(2), np.ones(2))]
    assert load(CHAIN.format("layers")).f(x, layers).tolist() == [[0, 0]]
    assert load(CHAIN.format("layers"), right=("chain",)).f(x, layers).tolist() == [[3, 3]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("[]", ""),
        ("layers[0]", "holds no list"),
        ("[layers[0][:1]]", "holds 1 items"),
        ("[(x[0], x[0])]", "has the shape"),
        ("layers * 10", "holds no list"),
        ("layers", "does not fit"),
        ("None", "holds no list"),
    ],
)
def test_a_list_of_arrays_is_looked_through(load: Load, given: str, words: str) -> None:
    student = load(CHAIN.format(given), right=("chain",))
    if not words:
        assert student.f(np.ones((1, 2)), LAYERS).tolist() == [[1, 1]]
        return
    with pytest.raises(StudentError) as refused:
        student.f(np.ones((1, 2)), LAYERS)
    assert words in refused.value.detail


@pytest.mark.parametrize(
    ("cell", "modified"),
    [
        ("def f(layers, state): layers[0][1][:] = 7", "layers"),
        ("def f(layers, state): layers.pop()", "layers"),
        ("def f(layers, state): state[1][:] = 7", "state"),
        ("def f(layers, state): layers[0] = (layers[0][1], layers[0][0])", "layers"),
        ("def f(layers, state): return layers[::-1]", ""),
    ],
)
def test_an_array_within_an_argument_is_to_be_left_alone(
    load: Load, cell: str, modified: str
) -> None:
    given = (LAYERS, (np.ones(1), np.ones(1)))
    for after in (load(cell).arguments_after.f(*given), _own(cell).arguments_after.f(*given)):
        if not modified:
            untouched(after, given, ("layers", "state"))
            continue
        with pytest.raises(Disagreement, match=f"The argument `{modified}` is modified"):
            untouched(after, given, ("layers", "state"))


def _own(cell: str) -> OwnStudent:
    namespace: dict[str, Any] = {}
    exec(f"import numpy as np\n{cell}", namespace)
    return OwnStudent(namespace, ["Reader"])


# -- what varies ----------------------------------------------------------------------------------


def start(right: Right, answer: Any, size: int) -> Any:
    return answer if right.start_scale(answer) else answer + 1


def start_scale(right: Right, answer: Any) -> bool:
    return bool(np.abs(answer).max() < 1)


def shifted(right: Right, answer: Any, size: int) -> Any:
    return answer if np.abs(answer).min() > 1 else right.start(answer, size)


def test_what_varies_is_explained_by_what_was_answered() -> None:
    stubs = Stubs({"start": Stub(kind="varies")})
    known = {
        "start/shifted": Misconception(
            "start/shifted",
            "start",
            "start",
            frozenset({"1a"}),
            "it is shifted",
            "It is not.",
            (),
            shifted,
        )
    }
    library = Library(known, {"start": start, "start_scale": start_scale}, stubs)

    def named(answer: Any) -> list[str]:
        call = Call("start", (np.random.default_rng(0), 2), {}, 1, np.array(answer))
        found = explain([Lost("1a", None, [call], ((),))], library, Effort())
        return [one.name for _, names in found for one in names]

    assert named([2.0, 3.0]) == ["start/shifted"]
    assert named([0.5, 3.0]) == []


# -- models ---------------------------------------------------------------------------------------

READER = """
import torch
from torch import nn

class Reader(nn.Module):
    def __init__(self, E=3, H=2):
        super().__init__()
        self.rnn = nn.LSTM(E, H, batch_first=True)

    def forward(self, x, lengths=None, state=None):
        assert state is None or type(state) is tuple
        assert lengths is None or lengths.dtype == torch.int64
        states, last = self.rnn(x, state)
        return states, last
"""


def test_a_model_of_any_name_takes_and_returns_a_state_of_two_arrays(load: Load) -> None:
    model = load(READER).Reader(3, 2)
    x = np.random.default_rng(0).normal(size=(1, 4, 3))
    states, last = model(x)
    assert [one.shape for one in last] == [(1, 1, 2), (1, 1, 2)]
    _, half_way = model(x[:, :2])
    _, end = model(x[:, 2:], state=tuple(half_way))
    np.testing.assert_allclose(end[0], last[0], rtol=1e-5)
    np.testing.assert_allclose(model(x, lengths=np.array([4]))[0], states)


def test_a_module_is_named_by_what_it_derives_from(load: Load) -> None:
    student = load(READER, "def f(): return Reader()")
    with pytest.raises(StudentError, match="returned a Module, which cannot be read"):
        student.f()


LOADED = READER.replace("{", "{{").replace("}", "}}")
LOADED += "\n    def load_state_dict(self, *args): {}\n"


@pytest.mark.parametrize(
    ("cell", "parameters", "message", "detail"),
    [
        (READER, {}, "its parameters differ in name or shape", "it has a `rnn.weight_ih_l0` too"),
        (READER, {"other": np.ones(2)}, "differ in name or shape", "it has no `other`"),
        (
            READER,
            {"rnn.weight_ih_l0": np.ones((8, 4))},
            "differ in name or shape",
            "its `rnn.weight_ih_l0` has the shape (8, 3), not (8, 4)",
        ),
        (LOADED.format("raise ValueError('mine')"), None, "it does not take them", "mine"),
    ],
)
def test_parameters_that_cannot_be_loaded_are_described_by_what_differs(
    load: Load, cell: str, parameters: Any, message: str, detail: str
) -> None:
    model = load(cell).Reader(3, 2)
    given = model.parameters() if parameters is None else parameters
    with pytest.raises(StudentError) as refused:
        model.load(given)
    assert message in refused.value.message
    assert detail in refused.value.detail
    assert "rnn." not in refused.value.message


def test_the_self_check_says_it_too() -> None:
    namespace: dict[str, Any] = {}
    exec(READER, namespace)
    model = OwnStudent(namespace, ["Reader"]).Reader(3, 2)
    with pytest.raises(NoAnswer, match=r"cannot be given .* it has no `other`\."):
        model.load({"other": np.ones(2)})


BOTH = [pytest.param(False, id="graded"), pytest.param(True, id="self-check")]


def _reader(load: Load, cell: str, own: bool) -> Any:
    if not own:
        return load(cell).Reader(3, 2)
    return _own(cell).Reader(3, 2)


@pytest.mark.parametrize("own", BOTH)
def test_shapes_and_some_parameters_of_a_model(load: Load, own: bool) -> None:
    model = _reader(load, READER, own)
    shapes: dict[str, tuple[int, ...]]
    shapes = {"rnn.weight_ih_l0": (8, 3), "rnn.weight_hh_l0": (8, 2)}
    shapes |= {"rnn.bias_ih_l0": (8,), "rnn.bias_hh_l0": (8,)}
    assert model.shapes() == shapes
    biases = model.parameters("rnn.bias")
    assert {name: one.shape for name, one in biases.items()} == {
        name: shape for name, shape in shapes.items() if name.startswith("rnn.bias")
    }


def test_a_model_of_more_numbers_than_may_cross_has_shapes_all_the_same(load: Load) -> None:
    model = load(READER).Reader(3, 800)
    with pytest.raises(StudentError, match="too many items"):
        model.parameters()
    assert model.shapes()["rnn.weight_hh_l0"] == (3200, 800)
    assert model.parameters("rnn.bias")["rnn.bias_ih_l0"].shape == (3200,)


@pytest.mark.parametrize("own", BOTH)
@pytest.mark.parametrize(
    ("change", "reached"),
    [
        ("", {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}),
        ("states = states.detach()", set()),
        ("states = x @ self.rnn.weight_ih_l0.T", {"weight_ih"}),
    ],
)
def test_which_parameters_an_answer_carries_gradients_to(
    load: Load, own: bool, change: str, reached: set[str]
) -> None:
    cell = READER.replace("return states, last", f"{change}\n        return states, last")
    model = _reader(load, cell, own)
    found = model.reached(np.ones((1, 4, 3)))
    assert set(found) == {f"rnn.{name}_l0" for name in reached}


@pytest.mark.parametrize("own", BOTH)
@pytest.mark.parametrize(
    ("change", "modified"),
    [("", ""), ("x.zero_()", "x"), ("state[1].zero_()", "state"), ("lengths.sub_(1)", "lengths")],
)
def test_the_arguments_of_a_model_are_to_be_left_alone(
    load: Load, own: bool, change: str, modified: str
) -> None:
    cell = READER.replace("return states, last", f"{change}\n        return states, last")
    model = _reader(load, cell, own)
    given = {"lengths": np.array([4]), "state": (np.ones((1, 1, 2)), np.ones((1, 1, 2)))}
    x = np.ones((1, 4, 3))
    after = model.arguments_after(x, **given)
    if modified:
        with pytest.raises(Disagreement, match=f"`{modified}`"):
            untouched(after, (x, *given.values()), ("x", *given))
    else:
        untouched(after, (x, *given.values()), ("x", *given))
