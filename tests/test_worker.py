"""A submission runs in a separate process, and what goes wrong there costs what it has to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Timer

import numpy as np
import pytest

import autograder
from autograder.course.folders import Assignment, CourseError
from autograder.course.reference import Reference
from autograder.course.rubric import Limits
from autograder.sandbox.box import choose
from autograder.sandbox.workers import IMPORTS, Sandbox, SandboxError
from autograder.session.pipeline import MAX_LOST, TOGETHER
from autograder.session.replies import StudentError
from autograder.session.session import Session
from autograder.session.student import Student
from autograder.submissions.reading import read_submission
from autograder.worker import wire
from tests.conftest import BLOCKS, LONG, SHORT, Load, submission

FOREVER = "while True: pass"


def with_right_ones(student: Student, reference: Reference) -> Student:
    return Student(student.session, reference, BLOCKS)


def kind(error: pytest.ExceptionInfo[StudentError]) -> str:
    return error.value.kind


# -- calls ------------------------------------------------------------------------------------


def test_a_call_and_its_answer_cross(load: Load) -> None:
    student = load("import numpy as np", "def f(x, *, k=1): return x.T * k, {'k': k, 'n': None}")
    x = np.arange(6.0).reshape(2, 3)
    scaled, options = student.f(x, k=2)
    np.testing.assert_array_equal(scaled, 2 * x.T, strict=True)
    assert options == {"k": 2, "n": None}
    assert student.session.troubles == []


def test_a_number_arrives_as_python_s_own(load: Load) -> None:
    student = load(
        "import torch\n"
        "def f(*given, k): return [type(one).__name__ for one in (*given, k)]\n"
        "def g(limit): return 1.0 if torch.ones(1, dtype=torch.float64) > limit else 0.0"
    )
    numbers = 0.5, 3, np.float64(0.5), np.float32(0.5), np.int64(3)
    wanted = ["float", "int", "float", "float", "int", "float"]
    assert student.f(*numbers, k=np.float64(2)) == wanted
    assert student.g(np.float64(0.5)) == 1.0


def test_the_solution_answers_as_the_reference_does(
    load: Load, assignment: Assignment, reference: Reference
) -> None:
    cells = read_submission(assignment.source, "ada").cells
    student = load(*(cell.source for cell in cells if "def learn_names" not in cell.source))
    rng = np.random.default_rng(0)
    x, h0 = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5))
    weights = rng.normal(size=(4, 5)), rng.normal(size=(5, 5)), rng.normal(size=5)
    np.testing.assert_allclose(
        student.rnn_forward(x, h0, *weights), reference.rnn_forward(x, h0, *weights)
    )


def test_a_generator_arrives_fresh_and_is_shared_by_many_calls(load: Load) -> None:
    student = load("def f(rng): return rng.random()")
    expected = np.random.default_rng(7)
    assert student.f(np.random.default_rng(7)) == np.random.default_rng(7).random()
    assert student.many(3).f(np.random.default_rng(7)) == [expected.random() for _ in range(3)]


def test_arguments_are_seen_as_they_are_after_the_call(load: Load) -> None:
    student = load("def f(x, y):\n    x += 1\n    return y")
    x = np.zeros(2)
    after, untouched = student.arguments_after.f(x, np.ones(1))
    np.testing.assert_array_equal(after, [1, 1])
    np.testing.assert_array_equal(untouched, [1])
    np.testing.assert_array_equal(x, [0, 0])


def test_a_global_variable_can_be_asked_for(load: Load) -> None:
    student = load("answers = {'order': 'ac'}", "other = {1, 2}")
    assert student.value("answers") == {"order": "ac"}
    with pytest.raises(StudentError) as unreadable:
        student.value("other")
    assert kind(unreadable) == "unreadable"
    with pytest.raises(StudentError) as missing:
        student.value("missing")
    assert kind(missing) == "missing"


RAISED = "`f` raised an exception."


@pytest.mark.parametrize(
    ("cell", "expected", "message", "detail"),
    [
        ("def f(): return unknown", "raised", RAISED, "NameError in cell 1, line 1: name 'unkn"),
        ("def f(x): pass", "raised", RAISED, "TypeError: f() missing 1 required"),
        ("def f():\n\n    raise NotImplementedError('part 1a')", "unfinished", "still to be", ""),
        ("def f(): return (i for i in 'a')", "unreadable", "`f` returned a generator, which", ""),
        ("def f(): return 2**64", "unreadable", "over 64 bits", ""),
        ("def f(): raise SystemExit(0)", "raised", RAISED, "SystemExit"),
        ("def f(): raise KeyboardInterrupt", "raised", RAISED, "KeyboardInterrupt"),
        ("def f(): f()", "raised", RAISED, "RecursionError"),
        ("f = 3", "missing", "`f` is not defined", ""),
        ("def g(): pass", "missing", "exactly this name", ""),
        ("def f(:", "missing", "because SyntaxError in cell 1, line 1", ""),
        ("1/0\ndef f(): pass", "missing", "because ZeroDivisionError in cell 1, line 1", ""),
        (
            "class Own(Exception):\n    def __str__(self): return '\\x1b[2J' * 1000\n"
            "def f(): raise Own",
            "raised",
            RAISED,
            "Exception in cell 1, line 3: [2J",
        ),
    ],
)
def test_what_a_stub_does_instead_of_answering_is_reported(
    load: Load, cell: str, expected: str, message: str, detail: str
) -> None:
    with pytest.raises(StudentError) as error:
        load(cell).f()
    assert kind(error) == expected
    assert message in error.value.message
    assert detail in error.value.detail
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError(secret)",
        "raise type('E' + secret, (KeyError,), {})",
        "os._exit(int(secret))",
        "os.write(3, secret.encode() * 9)",
        "return type('T' + secret, (), {})()",
        "return {secret: object(), 3: 4}",
    ],
)
def test_a_stub_cannot_choose_a_word_that_students_read(load: Load, body: str) -> None:
    student = load(f"import os\ndef f(secret): {body}")
    messages = []
    for secret in ("47", "11"):
        with pytest.raises(StudentError) as error:
            student.f(secret)
        messages.append(error.value.message)
    assert messages[0] == messages[1]


# -- calls that do not end well ---------------------------------------------------------------

ENDINGS = [
    ("while True: pass", "out of time", "`f` took longer than 0.5 s."),
    ("import time; time.sleep(99)", "out of time", "`f` took longer than 0.5 s."),
    ("import os; os._exit(3)", "crashed", "`f` ended its process. It ended the process with stat"),
    ("import os; os.abort()", "crashed", "`f` ended its process. It was stopped by SIG"),
    ("import ctypes; ctypes.string_at(0)", "crashed", "It was stopped by SIGSEGV."),
    ("import os; os.closerange(3, 100)", "crashed", "`f` ended its process."),
    ("import sys; print('x' * 10**6); sys.stderr.write('x' * 10**6)", None, ""),
    ("import sys; sys.stdout.close(); sys.stderr = None", None, ""),
    ("import sys; sys.stdin.read()", None, ""),
]


@pytest.mark.parametrize(("body", "ending", "message"), ENDINGS)
def test_a_call_that_ends_badly_costs_itself_alone(
    load: Load, body: str, ending: str | None, message: str
) -> None:
    stub = f"def f(bad):\n  if bad:\n    {body}\n  return x"
    student = load(
        "x = 1", stub, "def g(): return x", limits=SHORT if ending == "out of time" else LONG
    )
    if ending is None:
        assert student.f(True) == 1
    else:
        with pytest.raises(StudentError) as error:
            student.f(True)
        assert kind(error) == ending
        assert message in str(error.value)
    assert student.f(False) == 1
    assert student.g() == 1
    assert student.session.mishaps == (ending is not None)


def test_an_answer_of_any_size_is_not_believed(load: Load) -> None:
    student = load("import numpy as np", "def f(n): return np.zeros((n, 1 << 19))")
    assert student.f(1).shape == (1, 1 << 19)
    with pytest.raises(StudentError, match="which cannot be read"):
        student.f(9)
    assert student.f(0).shape == (0, 1 << 19)


def test_memory_is_limited_and_running_out_of_it_costs_the_call(
    load: Load, sandbox: Sandbox
) -> None:
    if sandbox.controls[0].level == "none":
        pytest.skip("nothing is limited without isolation")
    limits = Limits(memory_mb=256)
    student = load("def f(n): return len(bytearray(n << 20))", limits=limits)
    with pytest.raises(StudentError, match="MemoryError"):
        student.f(1024)
    assert student.f(8) == 8 << 20


def test_a_stub_that_hangs_is_not_waited_for_again_and_again(load: Load) -> None:
    limits = Limits(call_seconds=0.2, cell_seconds=5)
    student = load(f"def f():\n    {FOREVER}", "def g(): return 1", limits=limits)
    for number in range(MAX_LOST + 20):
        with pytest.raises(StudentError, match="took longer") as error:
            student.f()
        assert kind(error) == ("out of time" if number < MAX_LOST else "given up")
    assert student.session.mishaps == MAX_LOST
    assert student.g() == 1


def test_a_stub_that_crashed_keeps_its_time(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.session.pipeline.SECOND_CALL_SECONDS", 0.1)
    slow = "def f(crash):\n    if crash: os._exit(1)\n    time.sleep(0.3)\n    return 1"
    student = load("import os, time", slow)
    with pytest.raises(StudentError):
        student.f(True)
    assert student.f(False) == 1


def test_a_fresh_worker_has_the_state_after_loading(load: Load) -> None:
    student = load(
        "import os\nseen = []",
        "def f(n):\n    seen.append(n)\n    if n < 0: os._exit(1)\n    return seen",
    )
    assert student.f(1) == [1]
    assert student.f(2) == [1, 2]
    with pytest.raises(StudentError):
        student.f(-1)
    assert student.f(3) == [3]


def test_all_the_time_of_a_submission_can_be_used_up(load: Load) -> None:
    limits = Limits(call_seconds=0.3, cell_seconds=0.3, load_seconds=9, submission_seconds=1)
    student = load("def f(): return 1", *[FOREVER] * 9, limits=limits)
    with pytest.raises(StudentError, match="1 s of a submission were used up") as error:
        student.f()
    assert kind(error) == "out of time"


def test_a_submission_does_not_pay_for_the_start_of_the_warm_process(sandbox: Sandbox) -> None:
    """So the first of a class has as much time as any other."""
    limits = Limits(submission_seconds=2)
    with Sandbox(sandbox.controls[0].level, imports=["numpy"]) as own:
        process = own._process.pid
        os.killpg(process, signal.SIGSTOP)
        Timer(2.5, os.killpg, (process, signal.SIGCONT)).start()
        session = Session(submission("x = 7"), own.controls[0], limits, {})
        try:
            session.load()
            assert session.variable("x") == 7
        finally:
            session.close()


@pytest.mark.parametrize(
    "lie",
    [
        b"\0" * 8,
        (1 << 40).to_bytes(8, "little"),
        b"junk" * 9,
        wire.encode([]),
        wire.encode({"answer": 5}),
        wire.encode({"answer": 5, "id": 10**6}),
        wire.encode({"answer": 5, "id": "1"}),
        wire.encode({"at": 5, "id": 10**6}),
    ],
)
def test_a_worker_that_lies_only_loses_itself(load: Load, lie: bytes) -> None:
    student = load(
        """
import os
def f(data):
    for number in range(3, 9):
        try: os.write(number, bytes(data))
        except OSError: pass
    return 1
""",
        "def g(): return 2",
    )
    with pytest.raises(StudentError, match="sent what is no answer") as error:
        student.f(list(lie))
    assert kind(error) == "crashed"
    assert student.g() == 2


@pytest.mark.parametrize("size", [0, 1, 2, 4, 1_000_000])
def test_several_answers_in_one_are_as_many_as_were_asked_for(load: Load, size: int) -> None:
    student = load(
        f"""
import gc, numpy as np
def f():
    serve = next(one for one in gc.get_objects() if type(one).__name__ == "Server")
    serve._call = lambda asked, **how: {{"each": np.zeros({size})}}
    return 1
"""
    )
    student.many(3).f()
    answer = student.many(3).f(1)
    # Not taken apart: of what a worker sends, the grading process makes no million of things.
    assert isinstance(answer, np.ndarray)
    assert answer.shape == (size,)


# -- cells ------------------------------------------------------------------------------------


def test_cells_run_in_order_and_a_failing_one_costs_what_it_had_not_defined(load: Load) -> None:
    student = load("x = 1", "y = 1\n1/0\nz = 1", "def f(): return x", "def f(): return x + y")
    assert student.f() == 2
    assert [trouble.cell for trouble in student.session.troubles] == ["cell 2"]
    assert (
        "ZeroDivisionError in cell 2, line 2: division by zero"
        in student.session.troubles[0].message
    )
    with pytest.raises(StudentError):
        student.value("z")


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (FOREVER, "cell 2 was stopped after 0.5 s"),
        ("import os; os._exit(7)", "cell 2 ended the process with status 7"),
        ("import ctypes; ctypes.string_at(0)", "cell 2 was stopped by SIGSEGV"),
        ("import sys; sys.exit('bye')", "SystemExit in cell 2, line 2: bye"),
        ("%time while_true()", "cell 2 was stopped after 0.5 s"),
    ],
)
@pytest.mark.parametrize("magic", ["", "%%time\n"])
def test_a_cell_that_is_stopped_keeps_what_stood_before(
    load: Load, stop: str, words: str, magic: str
) -> None:
    loop = f"def while_true():\n    {FOREVER}\nbad = 1/0"
    student = load(loop, f"{magic}y = 1\n{stop}\nz = 1", "def f(): return y", limits=SHORT)
    assert student.f() == 1
    messages = [trouble.message for trouble in student.session.troubles]
    assert len(messages) == 2, "each trouble is reported once, however often the cells run"
    assert "ZeroDivisionError in cell 1, line 3" in messages[0]
    assert words.replace("line 2", "line 3" if magic else "line 2") in messages[1]
    with pytest.raises(StudentError):
        student.value("z")


def test_a_cell_can_import_what_another_wrote(load: Load) -> None:
    write = "open('helper.py', 'w').write('x = 7')"
    assert load(write, "import helper", "def f(): return helper.x").f() == 7


def test_a_stopped_cell_does_not_take_time_from_those_that_ran(load: Load) -> None:
    limits = Limits(call_seconds=5, cell_seconds=0.8, load_seconds=1.5, submission_seconds=60)
    slow = "import time\ntime.sleep(0.5)\nx = 1"
    student = load(slow, f"y = 1\n{FOREVER}", "def f(): return x + y", limits=limits)
    assert student.f() == 2
    assert [trouble.cell for trouble in student.session.troubles] == ["cell 2"]


MISSING = "`no_such` is not installed here, so `import no_such` in cell 1 had no effect"


def test_an_import_that_fails_costs_what_uses_it_alone(load: Load) -> None:
    student = load(
        "import no_such, numpy as np\nno_such.init()\ndef f(x): return float(np.sum(x))",
        "def g(x): return no_such.sum(x)",
        "@no_such.jit\ndef h(x): return x\ndef k(x): return x",
    )
    assert student.f(np.ones(2)) == 2
    assert student.k(3) == 3
    with pytest.raises(StudentError) as used:
        student.g(np.ones(2))
    assert used.value.detail == f"NameError in cell 2, line 1: {MISSING}"
    with pytest.raises(StudentError) as undefined:
        student.h(1)
    assert f"because NameError in cell 3, line 1: {MISSING}" in undefined.value.message
    reported = [(one.cell, one.message) for one in student.session.troubles]
    assert reported == [
        ("cell 1", f"NameError in cell 1, line 2: {MISSING}"),
        ("cell 3", f"NameError in cell 3, line 1: {MISSING}"),
    ]


def test_what_a_notebook_has_beside_python_is_there(load: Load) -> None:
    student = load(
        "import asyncio\nx = await asyncio.sleep(0.01, 3)\ndisplay(x)",
        "def f():\n    display(x, display_id=True).update(4)\n    return x",
    )
    assert student.session.troubles == []
    assert student.f() == 3


def test_a_released_module_can_be_imported(load: Load) -> None:
    student = load(
        "from helper import double", "def f(x): return double(x)",
        support={"helper": "def double(x): return 2 * x"},
    )  # fmt: skip
    assert student.f(3) == 6


def test_settings_at_the_top_level_are_put_back_before_each_call(load: Load) -> None:
    student = load(
        """
import builtins, warnings
import numpy as np, torch
np.seterr(all="raise")
warnings.simplefilter("error")
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
builtins.sum = builtins.vars = lambda *args: 0
def f():
    with_nan = np.log(np.zeros(1)) * 0
    warnings.warn("once")
    made = torch.ones(1, requires_grad=True)
    answer = [str(made.dtype), str(made.device), (made * 2).requires_grad, sum([1, 2])]
    np.seterr(all="raise"); torch.set_default_dtype(torch.float64); builtins.sum = max
    warnings.simplefilter("error"); torch.set_grad_enabled(False)
    return answer
"""
    )
    for _ in range(2):
        assert student.f() == ["torch.float32", "cpu", True, 3]
    assert student.session.troubles == []


HONEST = {
    "databases": """
import sqlite3
def f():
    for mode in ("delete", "wal", "truncate"):
        both = [sqlite3.connect(f"{mode}.db") for _ in range(2)]
        both[0].execute(f"pragma journal_mode={mode}")
        both[0].execute("create table t (x)")
        for number, one in enumerate(both):
            one.execute("insert into t values (?)", [number])
            one.commit()
        assert both[0].execute("select count(*) from t").fetchone() == (2,)
    return True
""",
    "lock files": """
import fcntl, filelock
def f():
    for _ in range(2):
        with filelock.FileLock("x.lock", timeout=1), filelock.SoftFileLock("y.lock", timeout=1):
            pass
    with open("z", "w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True
""",
    "temporary files": """
import os, shutil, tempfile
def f():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), 0o600)
    with tempfile.TemporaryDirectory() as folder:
        open(folder + "/x", "w").close()
        shutil.copytree(folder, "copy")
    return os.access("copy/x", os.W_OK) and os.listdir("copy") == ["x"]
""",
    "fonts": """
def f():
    from matplotlib import font_manager
    font_manager.json_dump(font_manager.FontManager(), "fonts.json")
    return len(font_manager.json_load("fonts.json").ttflist) > 9
""",
    "files in memory": """
import mmap
import numpy as np
def f():
    written = np.memmap("x.bin", dtype=float, mode="w+", shape=(1000,))
    written[:] = 3
    written.flush()
    np.save("x.npy", written)
    with open("x.bin", "r+b") as file:
        mmap.mmap(file.fileno(), 0).madvise(mmap.MADV_SEQUENTIAL)
    return float(np.load("x.npy", mmap_mode="r").sum()) == 3000
""",
    "threads": """
import multiprocessing, threading, time
from concurrent.futures import ThreadPoolExecutor
import torch
def f():
    seen = []
    try:
        lock = multiprocessing.Lock()
    except PermissionError:  # where /dev/shm is not the worker's own
        lock = threading.Lock()
    def hold(number):
        with lock:
            time.sleep(0.01)
            seen.append(number)
    threads = [threading.Thread(target=hold, args=[number]) for number in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    torch.set_num_threads(4)
    made = list(ThreadPoolExecutor(4).map(lambda n: torch.ones(n, n) @ torch.ones(n, n), [200] * 8))
    return sorted(seen) == [0, 1, 2, 3] and all((one == 200).all() for one in made)
""",
    "clocks": """
import os, resource, signal, time
def f():
    seen = []
    signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    while not seen: time.sleep(0.01)
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(2))
    signal.raise_signal(signal.SIGUSR1)
    time.process_time(), time.thread_time(), time.get_clock_info("monotonic")
    return seen == [1, 2] and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
""",
    "libraries": """
import einops, numba, numpy as np, pandas as pd, seaborn as sns
import matplotlib.pyplot as plt
from scipy import stats
from scipy.special import log_softmax, logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.decomposition import PCA
@numba.njit
def total(x):
    s = 0.0
    for one in x: s += one
    return s
def f():
    x = np.arange(12.0).reshape(4, 3)
    frame = pd.DataFrame(x, columns=list("abc"))
    sns.lineplot(data=frame, x="a", y="b")
    plt.close("all")
    PCA(2).fit_transform(x)
    LogisticRegression().fit(x, [0, 0, 1, 1])
    frame.to_csv("x.csv")
    same = np.allclose(einops.rearrange(x, "a b -> b a"), x.T)
    same &= np.allclose(np.exp(log_softmax(x, axis=-1)).sum(), 4)
    return bool(same and total(x[0]) == 3 and pd.read_csv("x.csv").shape == (4, 4))
""",
    "a machine": """
import os, platform
def f():
    return os.cpu_count() >= 1 and platform.system() == "Linux" and os.sysconf("SC_PAGESIZE") > 0
""",
}


@pytest.fixture(scope="module", params=["isolated", "restricted"])
def confined(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    try:
        level = choose(request.param)
    except CourseError as error:
        pytest.skip(str(error))
    with Sandbox(level, imports=(*IMPORTS, "matplotlib.pyplot")) as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", HONEST)
def test_honest_code_goes_on_with_what_is_pretended_or_refused(
    confined: Sandbox, reference: Reference, name: str
) -> None:
    session = Session(submission(HONEST[name]), confined.controls[0], LONG, {})
    try:
        assert Student(session, reference).f() is True
    finally:
        session.close()


# -- models -----------------------------------------------------------------------------------

MODEL = """
import torch
from torch import nn
class CharRNN(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.rnn = nn.RNN(E, H, batch_first=True)
        self.drop = nn.Dropout(0.5)
        self.output = nn.Linear(H, V)
        self.extra = [self]
    def train(self, mode=True):
        super().train(mode)  # and returns nothing
    def forward(self, tokens, h=None):
        if tokens.numel() == 1: import os; os._exit(1)
        states, h = self.rnn(self.embedding(tokens), h)
        return self.output(self.drop(states)), h
"""


def test_a_model_is_built_loaded_and_called_in_eval_mode(load: Load) -> None:
    model = load(MODEL).CharRNN(5, 3, 4)
    assert model.kinds() == {
        "embedding": "Embedding", "rnn": "RNN", "drop": "Dropout", "output": "Linear",
    }  # fmt: skip
    own = model.parameters()
    assert own["output.weight"].shape == (5, 4)
    assert own["output.weight"].dtype == np.float32
    model.load({name: np.full(array.shape, 0.1) for name, array in own.items()})
    np.testing.assert_allclose(model.parameters()["rnn.bias_hh_l0"], 0.1)
    tokens = np.array([[1, 2, 3]])
    logits, h = model(tokens)
    assert (logits.shape, h.shape, logits.dtype) == ((1, 3, 5), (1, 1, 4), np.float32)
    np.testing.assert_array_equal(model(tokens)[0], logits)
    logits_from_ones, _ = model(tokens, h=np.ones((1, 1, 4)))
    assert np.all(logits_from_ones[0, 0] > logits[0, 0])


def test_a_model_that_is_no_model_is_reported(load: Load) -> None:
    student = load("def CharRNN(V, E, H): return 3")
    with pytest.raises(StudentError, match="AttributeError"):
        student.CharRNN(5, 3, 4)
    with pytest.raises(StudentError, match="is not defined"):
        load("CharRNN = None").CharRNN(5, 3, 4)


def test_a_model_is_lost_with_its_worker_and_can_be_built_again(load: Load) -> None:
    student = load(MODEL)
    model = student.CharRNN(5, 3, 4)
    with pytest.raises(StudentError, match="status 1"):
        model(np.array([[1]]))
    with pytest.raises(StudentError, match="lost with its worker"):
        model(np.array([[1, 2]]))
    assert student.CharRNN(5, 3, 4)(np.array([[1, 2]]))[0].shape == (1, 2, 5)


# -- right ones in place ----------------------------------------------------------------------

WRONG = """
import numpy as np
def softmax(logits): return logits
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h): return 0 * h_prev
def sample_token(logits, rng, temperature=1.0, top_k=None): return 0
"""
WEIGHTS = np.full((2, 3), 0.5), np.full((3, 3), 0.2), np.full(3, 0.1)


def test_right_ones_stand_in_for_the_other_stubs(load: Load, reference: Reference) -> None:
    forward = """
def rnn_forward(x, h, W_x, W_h, b_h):
    states = []
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], W_x=W_x, W_h=W_h, b_h=b_h, h_prev=h)
        states.append(h)
    return np.stack(states, axis=1)
"""
    student = load(WRONG, forward)
    arguments = np.ones((2, 4, 2)), np.zeros((2, 3)), *WEIGHTS
    right = reference.rnn_forward(*arguments)
    assert not np.any(student.rnn_forward(*arguments))
    helped = with_right_ones(student, reference)
    np.testing.assert_allclose(helped.rnn_forward(*arguments), right)
    # A right one does not stand in for the stub itself.
    assert not np.any(helped.rnn_cell_forward(arguments[0][:, 0], arguments[1], *WEIGHTS))
    assert not np.any(student.rnn_forward(*arguments))


def test_a_recursive_stub_calls_itself(load: Load) -> None:
    cell = "def softmax(z): return 7 if len(z) == 1 else softmax(z[1:])"
    assert load(cell, right=BLOCKS).softmax(np.zeros(3)) == 7


def test_a_stub_that_is_missing_is_there_only_meanwhile(load: Load, reference: Reference) -> None:
    student = load("def f(x): return softmax(x)")
    helped = with_right_ones(student, reference)
    np.testing.assert_allclose(helped.f(np.zeros(2)), [0.5, 0.5])
    with pytest.raises(StudentError, match="NameError"):
        student.f(np.zeros(2))


def test_a_tuple_is_returned_as_a_tuple(load: Load) -> None:
    cell = "def f(*args):\n    all = rnn_cell_backward(*args)\n    return all + (1,)"
    N, E, H = 2, 3, 4
    shapes = (N, H), (N, E), (N, H), (N, H), (E, H), (H, H)
    dx, *_, db, one = load(cell, right=BLOCKS).f(*map(np.zeros, shapes))
    assert (dx.shape, db.shape, one) == ((N, E), (H,), 1)


def test_a_stand_in_draws_from_the_generator_that_it_is_given(load: Load) -> None:
    draw = "sample_token([0.0] * 9, rng, temperature=2, top_k=7)"
    student = load(f"def f(rng): return [{draw} for _ in range(9)]", right=BLOCKS)
    first, second, other = (student.f(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == second != other
    assert len(set(first)) > 1


@pytest.mark.parametrize(
    "call",
    [
        "softmax('text')",
        "softmax(3)",
        "softmax()",
        "softmax([1.0], [2.0])",
        "softmax(z=[1.0])",
        "softmax([1j])",
        "softmax([[1.0], [1.0, 2.0]])",
        "softmax(x for x in 'a')",
        "rnn_forward(*map(np.ones, [(2, 3), (2, 3), (3, 3), (3, 3), 3]))",
        "rnn_forward(*map(np.ones, [(1, 2, 3), (1, 3), (3, 3), (4, 3), 3]))",
        "rnn_forward(*map(np.ones, [(1, 2, 3), (1, 3), (3, 3), (3, 4), 3]))",
        "rnn_forward(*map(np.ones, [(1, 10**5, 1), (1, 1), (1, 1), (1, 1), 1]))",
        "rnn_forward(*map(np.ones, [(0, 10**8, 1), (0, 1), (1, 1), (1, 1), 1]))",
        "rnn_forward(*map(np.ones, [(1, 2000, 1), (1, 500), (1, 500), (500, 500), 500]))",
        "cross_entropy(np.ones((2, 3)), np.full(2, 7))",
        "cross_entropy(np.ones((2, 3)), np.ones(3, int))",
        "sample_token([1.0], 7)",
        "sample_token([float('nan')] * 2, rng)",
        "sample_token([1.0] * 9, rng, temperature=np.ones((1000, 1)))",
        "sample_token([1.0] * 9, rng, temperature=[[1], [2, 3]])",
        "sample_token([1.0] * 9, rng, temperature='hot')",
        "sample_token([1.0] * 9, rng, 1.0, None, 5)",
    ],
)  # fmt: skip
def test_a_stand_in_refuses_what_its_stub_does_not_take(load: Load, call: str) -> None:
    cell = f"import numpy as np\ndef f(rng): return {call}"
    student = load(cell, "def g(): return softmax([0.0])", right=BLOCKS)
    with pytest.raises(StudentError) as error:
        student.f(np.random.default_rng(0))
    assert kind(error) == "raised"
    assert student.g() == [1]


def test_only_building_blocks_are_answered_from_here(load: Load) -> None:
    student = load("def f(): return bptt(1)", right=BLOCKS)
    with pytest.raises(StudentError, match="NameError"):
        student.f()


# -- several tasks at a time ------------------------------------------------------------------

SLOW = "time.sleep(0.3)"
LARGE = "x = np.zeros(3 << 18)"


@pytest.mark.parametrize(
    ("now_and_then", "in_turns"), [("pass", True), (SLOW, False), (LARGE, False)]
)
def test_tasks_take_turns_until_answers_are_slow_or_large(
    load: Load, monkeypatch: pytest.MonkeyPatch, now_and_then: str, in_turns: bool
) -> None:
    """Else no check would be done when the time is up, or all answers would be held at once."""
    monkeypatch.setattr("autograder.session.pipeline.SLOW_SECONDS", 0.2)
    body = f"x = n\n    if n < 3: {now_and_then}\n    return x"
    student = load("import time\nimport numpy as np", f"def f(n):\n    {body}")
    seen = []

    def task(number: int) -> int:
        for n in (100 + number, number, 200 + number):
            student.f(n)
            seen.append(number)
        return number

    all_of_them = range(TOGETHER + 4)
    assert student.session.together([partial(task, one) for one in all_of_them]) == [*all_of_them]
    one_after_another = [one for one in all_of_them[-4:] for _ in range(3)]
    assert (seen[-12:] == one_after_another) != in_turns


def test_what_a_task_raises_ends_all(load: Load) -> None:
    student = load("def f(n): return n")
    ended = []

    def waits(number: int) -> None:
        try:
            student.f(number)
        finally:
            ended.append(number)

    def fails() -> None:
        raise ZeroDivisionError

    tasks: list[Callable[[], None]]
    tasks = [partial(waits, 0), partial(waits, 1), fails, partial(waits, 2)]
    with pytest.raises(ZeroDivisionError):
        student.session.together(tasks)
    assert ended == [0, 1]
    assert student.f(3) == 3


# -- the warm process -------------------------------------------------------------------------


def test_one_worker_s_end_is_nothing_to_another(load: Load) -> None:
    ended, other = load("import os\ndef f(): os._exit(1)"), load("def f(): return 1")
    with pytest.raises(StudentError):
        ended.f()
    assert other.f() == 1


def test_workers_are_alike(load: Load) -> None:
    imports = "import random, numpy as np, torch"
    cell = "def f(): return [hash('a'), random.random(), np.random.rand(), torch.rand(1)]"
    assert load(imports, cell).f() == load(imports, cell).f()


def test_closing_the_sandbox_ends_its_workers(sandbox: Sandbox) -> None:
    with Sandbox(sandbox.controls[0].level, imports=["numpy"]) as own:
        worker = own.controls[0].fork(LONG)
        assert worker.request("value", 9, name="x") == {"missing": "x", "id": 1}
    with pytest.raises(SandboxError):
        worker.request("value", 9, name="x")


def test_a_warm_process_that_still_loads_ends_when_no_worker_is_needed(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text("print('loading', flush=True)\nwhile True: pass")
    ours, theirs = socket.socketpair()
    code = (
        "import sys; sys.path[:0] = sys.argv[3:]; from worker.warm import main; "
        "main('none', *sys.argv[1:3])"
    )
    words = [str(theirs.fileno()), "endless", str(tmp_path), str(Path(autograder.__file__).parent)]
    with subprocess.Popen(
        [sys.executable, "-c", code, *words], pass_fds=[theirs.fileno()], stdout=subprocess.PIPE
    ) as warm:
        theirs.close()
        assert warm.stdout is not None
        assert warm.stdout.readline() == b"loading\n"
        ours.close()
        assert warm.wait(timeout=60) == 0
