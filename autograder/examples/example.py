"""An example of a mistake: a call with a wrong result."""

from __future__ import annotations

import msgspec


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call that shows why criteria are not met.

    ``code`` are lines to paste below the student's own, which fail there; none where no single call
    shows the mistake. ``message`` says what is wrong,
    ``expected`` and ``returned`` are short enough to read. ``shows`` are the criteria, or items of
    them such as ``1b.choices:order``. ``numbers`` are in the arguments; ``calls`` were made to find
    it. ``raised_at`` is the line of the student's code that raised an exception.
    """

    stub: str
    shows: tuple[str, ...]
    code: tuple[str, ...]
    message: str
    expected: str = ""
    returned: str = ""
    numbers: int = 0
    calls: int = 0
    raised_at: str = ""
