"""Lets the workers of two classmates, who are graded at the same time, try to talk.

An attack that defines ``say`` and ``hear`` is loaded into both. One says a bit, then the other
hears, and so on in turns: what gets across needs no clock and no luck. Run as a program with a
level, it prints what was heard in each attack, as JSON.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from autograder.course.rubric import Limits
from autograder.sandbox.workers import Sandbox, Worker
from autograder.worker.confine import Level
from tests.attacks.submission import Attack, attacks, knowledge

BITS = (1, 0, 0, 1, 0, 1, 1, 0)
SECONDS = 60.0


def talkers() -> list[Attack]:
    """The attacks in which two talk."""
    return [attack for attack in attacks() if "def say(" in attack.source]


def _load(worker: Worker, attack: Attack) -> None:
    nowhere = dict.fromkeys(("course", "results", "submissions", "package", "door"), "/nowhere")
    knows = knowledge(**nowhere, port=0, marker="marker", places="")
    for number, source in enumerate((knows, attack.source)):
        name = f"cell {number}"
        worker.request("cell", SECONDS, name=name, source=source, stop=None, notice=lambda _: None)


def _call(worker: Worker, stub: str, *args: int) -> str:
    asked: tuple[Any, ...] = (stub, list(args), {}, 1, [])
    reply = worker.request("call", SECONDS, asked=asked, arguments_after=False)
    return str(reply.get("answer", reply.get("error")))


def converse(sandbox: Sandbox, attack: Attack) -> list[str]:
    """What the second worker hears after each bit that the first one says."""
    limits = Limits(memory_mb=1024)
    first, second = (control.fork(limits) for control in sandbox.controls)
    try:
        for worker in (first, second):
            _load(worker, attack)
        _call(second, "hear")  # which may begin to listen
        heard = []
        for bit in BITS:
            _call(first, "say", bit)
            heard.append(_call(second, "hear"))
        return heard
    finally:
        first.kill()
        second.kill()


def main(level: Level) -> dict[str, list[str]]:
    """What was heard, by the name of the attack."""
    with Sandbox(level, controls=2, imports=["numpy"]) as sandbox:
        return {attack.name: converse(sandbox, attack) for attack in talkers()}


if __name__ == "__main__":
    level: Any = sys.argv[1]
    sys.stdout.buffer.write(msgspec.json.encode(main(level)))
