"""What is to be derived by hand is not derived by a library, in grading and in the self-check."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from autograder.course.reference import Reference
from autograder.sandbox.workers import Sandbox
from autograder.self_check.student import NoAnswer, OwnStudent
from autograder.session.replies import StudentError
from autograder.session.session import Session
from autograder.session.student import Student
from autograder.worker.by_hand import REFUSAL, by_hand
from autograder.worker.cells import Namespace
from tests.conftest import LONG, submission

BEGIN = """
import threading
from concurrent.futures import ThreadPoolExecutor
import numpy as np, torch
import torch.autograd.forward_ad as forward_ad

kept = {
    "grad": torch.autograd.grad,
    "backward": torch.Tensor.backward,
    "run": torch.autograd.Variable._execution_engine.run_backward,
    "func": torch.func.grad(lambda x: (x**2).sum()),
    "enable": torch._C._set_grad_enabled,
    "pool": ThreadPoolExecutor(1),
}
kept["pool"].submit(int).result()

@torch.jit.script
def scripted(x: torch.Tensor):
    return torch.autograd.grad([(x * x).sum()], [x])

leaf = torch.ones(3, requires_grad=True)
recorded = (leaf * leaf).sum()

def leaves(a):
    x = torch.tensor(a, requires_grad=True)
    return x, (x * x).sum()

def backward(a):
    x, y = leaves(a)
    y.backward()
    return x.grad.numpy()

class Lazy:
    def __init__(self, a):
        self.a = a
    def __array__(self, dtype=None, copy=None):
        return backward(self.a)

def walked(a):
    node = leaves(a)[1].grad_fn
    return sum(node.next_functions[0][0](node(torch.tensor(1.0)))).detach().numpy()

def by_nodes(a):
    with torch.enable_grad():
        return walked(a)

def in_inference_off(a):
    with torch.inference_mode(False):
        return by_nodes(a)

def forward(a):
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.tensor(a), torch.ones(3))
        return forward_ad.unpack_dual(dual**2).tangent.numpy()
"""
# Each computes 2 a of three numbers a.
WAYS = {
    "backward": "return backward(a)",
    "a kept backward": "x, y = leaves(a); kept['backward'](y); return x.grad.numpy()",
    "grad": "x, y = leaves(a); return torch.autograd.grad(y, x)[0].numpy()",
    "a kept grad": "x, y = leaves(a); return kept['grad'](y, x)[0].numpy()",
    "a kept engine": "x, y = leaves(a); return kept['run']((y,), (torch.tensor(1.0),), False, "
    "False, (x,), allow_unreachable=True)[0].numpy()",
    "recorded before": "leaf.grad = None; recorded.backward(retain_graph=True); "
    "return leaf.grad.numpy() * a",
    "functional": "return torch.autograd.functional.jacobian(lambda x: (x**2).sum(), "
    "torch.tensor(a)).numpy()",
    "func.grad": "return torch.func.grad(lambda x: (x**2).sum())(torch.tensor(a)).numpy()",
    "a kept func.grad": "return kept['func'](torch.tensor(a)).numpy()",
    "func.vjp": "return torch.func.vjp(lambda x: (x**2).sum(), torch.tensor(a))[1]"
    "(torch.tensor(1.0))[0].numpy()",
    "func.jacrev": "return torch.func.jacrev(lambda x: (x**2).sum())(torch.tensor(a)).numpy()",
    "func.jacfwd": "return torch.func.jacfwd(lambda x: (x**2).sum())(torch.tensor(a)).numpy()",
    "func.jvp": "return torch.func.jvp(lambda x: x**2, (torch.tensor(a),), (torch.ones(3),))[1]"
    ".numpy()",
    "func.linearize": "return torch.func.linearize(lambda x: x**2, torch.tensor(a))[1]"
    "(torch.ones(3)).numpy()",
    "forward mode": "return forward(a)",
    "a thread": "return ThreadPoolExecutor(1).submit(backward, a).result()",
    "an older thread": "return kept['pool'].submit(backward, a).result()",
    "nodes with gradients enabled": "return by_nodes(a)",
    "nodes out of inference mode": "return in_inference_off(a)",
    "gradients enabled as kept": "kept['enable'](True); return by_nodes(a)",
    "when the answer is read": "return Lazy(a)",
}
# These fail too, in torch's own words.
OBSCURE = {
    "nodes": "return walked(a)",
    "nodes in a thread": "return ThreadPoolExecutor(1).submit(walked, a).result()",
    "TorchScript": "return scripted(torch.tensor(a, requires_grad=True))[0].numpy()",
    "TorchScript in a thread": "x = torch.tensor(a, requires_grad=True); "
    "return ThreadPoolExecutor(1).submit(scripted, x).result()[0].numpy()",
    "the operator": "x, y = leaves(a); torch.ops.aten._backward(y, [x], torch.tensor(1.0), None, "
    "False); return x.grad.numpy()",
}
ARRAYS = {
    "tensors": "return (2 * torch.tensor(a)).numpy()",
    "no_grad": "\n    with torch.no_grad(): return (2 * torch.tensor(a)).numpy()",
    "inference mode": "\n    with torch.inference_mode(): return (2 * torch.tensor(a)).numpy()",
    "a leaf for nothing": "x = torch.tensor(a, requires_grad=True); "
    "return (x + x).detach().numpy()",
    "a layer": "layer = torch.nn.Linear(3, 3, bias=False); layer.weight.data = 2 * torch.eye(3); "
    "return layer(torch.tensor(a)).detach().numpy()",
    "a thread for arrays": "return ThreadPoolExecutor(1).submit(np.multiply, a, 2).result()",
}
A = np.array([1.0, 2.0, 3.0], dtype=np.float32)


def cell() -> str:
    """All ways, and two stubs that go the way they are asked to."""
    ways = {**WAYS, **OBSCURE, **ARRAYS}.items()
    functions = "\n\n".join(f"def go(a): {code}\n\nways[{way!r}] = go" for way, code in ways)
    # `bptt` is to be derived by hand, and `softmax` is not.
    stubs = "\n\n".join(f"def {name}(way, a): return ways[way](a)" for name in ("bptt", "softmax"))
    return f"{BEGIN}\nways = {{}}\n\n{functions}\n\n{stubs}\n"


@pytest.fixture(scope="module")
def student(sandbox: Sandbox, reference: Reference) -> Iterator[Student]:
    """One worker for all ways: none of them may leave anything behind for the next."""
    session = Session(submission(cell()), sandbox.controls[0], LONG, {})
    session.load()
    yield Student(session, reference)
    session.close()


@pytest.mark.parametrize("way", WAYS)
def test_automatic_differentiation_raises_an_error_that_says_so(student: Student, way: str) -> None:
    np.testing.assert_allclose(student.softmax(way, A), 2 * A)
    with pytest.raises(StudentError) as refused:
        student.bptt(way, A)
    if way != "when the answer is read":  # where what it raises is not shown
        assert REFUSAL in refused.value.detail
    np.testing.assert_allclose(student.softmax(way, A + 1), 2 * A + 2)


@pytest.mark.parametrize("way", OBSCURE)
def test_nor_is_it_of_use_to_go_round_it(student: Student, way: str) -> None:
    np.testing.assert_allclose(student.softmax(way, A), 2 * A)
    with pytest.raises(StudentError):
        student.bptt(way, A)


@pytest.mark.parametrize("way", ARRAYS)
def test_torch_as_a_library_of_arrays_is_fine(student: Student, way: str) -> None:
    for stub in (student.bptt, student.softmax):
        np.testing.assert_allclose(stub(way, A), 2 * A)


@pytest.fixture(scope="module")
def own() -> Iterator[OwnStudent]:
    """The same in the student's own notebook."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "__main__", sys.modules["__main__"])
        notebook = Namespace()
        notebook.run("cell 1", cell(), None, lambda index: None)
        yield OwnStudent(notebook.names, (), derived=("bptt",))


@pytest.mark.parametrize("way", WAYS)
def test_the_self_check_refuses_it_too(own: OwnStudent, way: str) -> None:
    with pytest.raises(NoAnswer):
        own.bptt(way, A)
    np.testing.assert_allclose(own.softmax(way, A), 2 * A)


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A library that derives through a function of another module, as autograd does."""
    core, outside = types.ModuleType("autograd.core"), types.ModuleType("autograd")
    core.__dict__["trace"] = lambda: 1
    outside.__dict__["grad"] = lambda: core.__dict__["trace"]()
    monkeypatch.setitem(sys.modules, "autograd.core", core)
    return outside


def test_another_library_that_is_loaded_is_refused_too(others: types.ModuleType) -> None:
    grad = others.grad
    with by_hand(), pytest.raises(RuntimeError, match="by hand"):
        grad()
    assert grad() == 1


def test_training_goes_on_after_it() -> None:
    with by_hand():
        pass
    layer = torch.nn.Linear(2, 1)
    layer(torch.ones(2)).sum().backward()
    assert layer.weight.grad is not None
    assert torch.is_grad_enabled()
