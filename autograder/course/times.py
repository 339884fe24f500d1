"""Times of handing in, as people and nbgrader write them."""

from __future__ import annotations

import re
from datetime import datetime, timezone

EXAMPLE = "2026-11-30T23:59+00:00"


def moment(text: str) -> datetime:
    """A time such as ``2026-11-30 23:59+01:00``; nbgrader writes ``UTC`` for its zone.

    Raises ValueError where it is none, or names no zone.
    """
    plain = re.sub(r"(?:Z|\s*UTC)$", "+00:00", text.strip())
    plain = re.sub(r"\s+(?=[+-]\d)", "", plain)
    plain = re.sub(r"(?<=[+-]\d\d)(?=\d\d$)", ":", plain)
    # Python before 3.11 reads three or six digits of a second, and no others.
    plain = re.sub(r"\.(\d+)", lambda found: "." + found[1][:6].ljust(6, "0"), plain)
    read = datetime.fromisoformat(plain)
    if read.tzinfo is None:
        raise ValueError(f"{text} names no zone, such as +00:00")
    return read.astimezone(timezone.utc)


def in_words(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
