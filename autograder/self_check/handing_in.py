"""Looks at a file as it will be read where it is graded, before it is handed in."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .answered import written_answers
from .as_pdf import NoPdf, figures_of, write_pdf
from .facts import Facts
from .reading import (
    CellFailure,
    NotReadable,
    code_cells,
    load,
    nbgrader_names,
    not_available,
    own_file,
)
from .running import PartResult, run_part
from .showing import TEXT_WIDTH, points, summary

# What the checks of a part may take, all together; and how much longer than it may take a cell is
# waited for, which the fresh process stops by itself where it can.
CHECK_SECONDS, GRACE = 60.0, 3.0
RUN_BY_ITSELF = "--in-a-fresh-process"
IN_COLAB = (
    "Colab keeps your notebook elsewhere. Choose File, Download, Download .ipynb; upload that file "
    'into this folder (the folder\nsign at the left), and call hand_in("{}") with its name.'
)
# How the checks of a part are run in a notebook.
CHECK = 'check("{}")'
STARTED, DONE = "started", "done"
PART = "part "


@dataclass(frozen=True)
class Report:
    """What a fresh process found: cells that failed, functions that are missing, and a text."""

    failures: tuple[str, ...]
    unfinished: tuple[str, ...]
    to_mend: tuple[str, ...]
    summary: str


def hand_in(
    facts: Facts,
    package: Path,
    file: str | Path,
    namespace: Mapping[str, Any],
    pdf: bool = False,
    check: str = CHECK,
) -> bool:
    """Says what of a saved file would be marked, and what to mend; whether nothing is to mend.

    Args:
        facts: what is known of the assignment.
        package: the folder of the package that runs here, and in the fresh process too.
        file: empty for the one that calls, or else the one in this folder that has more done.
        namespace: of where this was called.
        pdf: whether to write the written answers into a PDF beside the file.
        check: how the checks of a part are run.
    """
    if not file and "google.colab" in sys.modules:
        print(IN_COLAB.format(facts.files[0]))
        return False
    try:
        path = Path(file) if file else _calling_file(facts, namespace)
        path = path or own_file(Path.cwd(), facts)
        cells = code_cells(path)
    except NotReadable as problem:
        print(problem)
        return False
    of_code = f"{len(cells)} code cell{'s' * (len(cells) != 1)}"
    print(f"{path.name}: {of_code}, run in a fresh process ...", flush=True)
    report, late = _in_a_fresh_process(facts, package, path, check)
    to_mend = [*late, *report.failures, *report.to_mend, *_for_nbgrader(facts, path)]
    print("\n".join(_lines(facts, path, report, to_mend)))
    if pdf:
        print("\n".join(textwrap.wrap(_pdf(facts, path), TEXT_WIDTH)))
    return not to_mend


def _pdf(facts: Facts, path: Path) -> str:
    """Writes the PDF, and says where it is, or why there is none."""
    figures, file = list(figures_of(path)), path.with_suffix(".pdf")
    answers = written_answers(facts.written, path)
    try:
        whole = write_pdf(file, facts.title, facts.written, answers, figures)
    except NoPdf as problem:
        return str(problem)
    count = sum(map(bool, answers.values()))
    drawn = f"{len(figures)} figure{'s' * (len(figures) != 1)}"
    said = f"{file.name}: {count} of {len(facts.written)} written answers, {drawn}."
    if not figures:
        how = "Run the script" if path.suffix == ".py" else "Run the notebook and save it"
        said += f" {how}, so that its figures are in the PDF too."
    if not whole:
        said += " Characters that its font lacks are boxes in it."
    return f"{said} Hand it in beside {path.name} where your course asks for a PDF."


def _calling_file(facts: Facts, namespace: Mapping[str, Any]) -> Path | None:
    """The script or the notebook that calls, where it is known: VS Code and Jupyter name theirs."""
    script = namespace.get("__file__") if facts.stubs & namespace.keys() else None
    named = namespace.get("__vsc_ipynb_file__") or script or os.environ.get("JPY_SESSION_NAME")
    path = Path(str(named))
    return path if path.suffix in (".py", ".ipynb") and path.is_file() else None


def _lines(facts: Facts, path: Path, report: Report, to_mend: Sequence[str]) -> Iterator[str]:
    yield ""
    yield "What would be marked:"
    yield report.summary
    if report.unfinished:
        yield from _row("still to be written", report.unfinished)
    yield from _written_answers(facts, path)
    yield ""
    if to_mend:
        yield "To mend before you hand in:"
        for one in to_mend:
            first, *rest = textwrap.wrap(one, TEXT_WIDTH)
            yield f"  - {first}"
            yield from (f"    {line}" for line in rest)
    else:
        yield "Nothing to mend. Where it is graded, the checks also ask on other inputs."
    yield ""
    yield f"To hand in: {path.name}, that one file."
    if path.name not in facts.files:
        yield f"  nbgrader: name it {facts.files[0]}, in the folder that you fetched it into."
    elif path.suffix == ".ipynb":
        yield "  nbgrader: save it in the folder that you fetched it into, and press Submit."
    else:
        yield "  nbgrader takes the notebook alone; ask before you hand in a script there."
    yield "  Canvas, Gradescope: upload it as it is, not in a zip, not as PDF or HTML."


def _written_answers(facts: Facts, path: Path) -> Iterator[str]:
    answers = written_answers(facts.written, path)
    blank = [part for part, answer in answers.items() if not answer]
    share = f"{100 * facts.written_share:.0f} % of the points"
    share = share if facts.written_share else "not marked"
    if blank:
        yield from _row(f"written answers ({share}) still blank", blank)


def _row(title: str, names: Sequence[str]) -> list[str]:
    text = f"{title}: {', '.join(names)}"
    return textwrap.wrap(text, TEXT_WIDTH, initial_indent="  ", subsequent_indent="    ")


def _for_nbgrader(facts: Facts, path: Path) -> Iterator[str]:
    """What nbgrader needs of a notebook beside its code: each of its cells, once."""
    if path.suffix != ".ipynb":
        return
    found = Counter(nbgrader_names(path))
    missing = [name for name in facts.cells if not found[name]]
    twice = [name for name, count in found.items() if count > 1]
    if missing and len(missing) < len(facts.cells):
        yield (
            f"For nbgrader, cells are missing: {', '.join(missing)}. Copy your work into the "
            "notebook as released. (Elsewhere this does not matter.)"
        )
    if twice:
        yield f"For nbgrader, cells are there twice: {', '.join(twice)}. Delete the copies."


# -- the fresh process ----------------------------------------------------------------------------


def _in_a_fresh_process(
    facts: Facts, package: Path, path: Path, check: str
) -> tuple[Report, list[str]]:
    """Runs the file in another process; a cell, or the checks of a part, that takes too long is
    left out of the next try."""
    late: list[str] = []
    left_out: list[str] = []
    while True:
        report, stopped_at, why = _try(facts, package, path, check, left_out)
        if report is not None:
            return report, late
        if not stopped_at or stopped_at in left_out:
            nothing = Report((), (), ("The process that ran the file ended too early.",), "")
            return nothing, late
        left_out.append(stopped_at)
        late.append(f"{stopped_at} {why}.")


def _try(
    facts: Facts, package: Path, path: Path, check: str, left_out: Sequence[str]
) -> tuple[Report | None, str, str]:
    """The report; or None, with the cell or part that was running, and why it went no further."""
    words = [RUN_BY_ITSELF, str(path.resolve()), check, *left_out]
    command = [sys.executable, "-m", package.name, *words]
    beside = [str(package.resolve().parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, beside))}
    lines: queue.Queue[str] = queue.Queue()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        cwd=path.resolve().parent,
        env=environment,
        encoding="utf-8",
    ) as process:
        stream = process.stdout
        assert stream is not None
        threading.Thread(target=_pass_on, args=(stream, lines), daemon=True).start()
        running, until = "", time.monotonic() + CHECK_SECONDS
        try:
            while True:
                line = lines.get(timeout=max(until - time.monotonic(), 0.01))
                if not line:
                    return None, running, "ended the process that ran it"
                message = json.loads(line)
                if STARTED in message:
                    running = message[STARTED]
                    of_part = running.startswith(PART)
                    seconds = CHECK_SECONDS if of_part else facts.limits.cell + GRACE
                    until = time.monotonic() + seconds
                elif DONE in message:
                    return Report(**{k: _frozen(v) for k, v in message[DONE].items()}), "", ""
        except queue.Empty:
            limit = f"its checks may take {CHECK_SECONDS:g} s"
            if not running.startswith(PART):
                limit = f"a cell may take {facts.limits.cell:g} s"
            return None, running, f"was stopped: {limit}"
        finally:
            process.kill()


def _pass_on(stream: Any, lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def answer_in_a_fresh_process(
    facts: Facts, path: Path, check: str, left_out: Sequence[str]
) -> None:
    """What the other process does: runs the cells, then the checks, and writes what it found."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)

        def say(**message: Any) -> None:
            out.write(json.dumps(message) + "\n")
            out.flush()

        failures: list[CellFailure] = []
        cells = [cell for cell in code_cells(path) if cell.name not in left_out]
        names = load(cells, facts, failures, lambda cell: say(**{STARTED: cell}))
        results = []
        for part in facts.parts:
            if PART + part.id not in left_out:
                say(**{STARTED: PART + part.id})
                results.append(run_part(facts, part.id, names))
        report = {
            "failures": [f"{one.cell}, line {one.line}: {one.message}" for one in failures],
            "unfinished": list(dict.fromkeys(n for one in results for n in one.to_come())),
            "to_mend": [*not_available(cells, facts), *_to_mend(facts, results, names, check)],
            "summary": summary(results),
        }
        say(**{DONE: report})


def _to_mend(
    facts: Facts, results: Sequence[PartResult], names: dict[str, Any], check: str
) -> Iterator[str]:
    for result in results:
        for stub in result.part.stubs:
            if not callable(names.get(stub)):
                yield (
                    f"Part {result.part.id}: `{stub}` is not defined. Define it under exactly this "
                    "name, at the top level of a cell."
                )
        if result.total("missed"):
            missed = [c.id for c in result.part.criteria if result.points(c, "missed")]
            yield (
                f"Part {result.part.id}: {', '.join(missed)} not right yet "
                f"({points(result.total('missed'))} points); see {check.format(result.part.id)}."
            )
        for stub in result.differing():
            yield (
                f"Part {result.part.id}: `{stub}` is not the same as {result.oracle} on random "
                f"inputs; see {check.format(result.part.id)}."
            )
        if result.answers is not None:
            yield from (f"Part {result.part.id}: {one}" for one in result.answers.to_do())
    unread = [name for name in names if name.startswith("answers_")]
    for name in unread:
        if name.removeprefix("answers_") not in facts.marked:
            yield f"`{name}` is not one of the names that are read."
