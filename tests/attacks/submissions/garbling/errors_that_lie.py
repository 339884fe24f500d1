# Replies with errors of strange types, places and texts, and with several endings at once.
import sys

wire = sys.modules["worker.wire"]
errors = [
    {"type": "NotImplementedError", "text": None, "cell": "cell 1", "line": 2**63},
    {"type": ["x"], "text": {"a": 1}, "cell": "../../etc/passwd", "line": float("nan")},
    {"type": "<script>alert(1)</script>", "text": "\x1b[2J\x07" * 9999, "cell": "cell 1\n", "line": -1},
    "no dict at all",
    None,
    7,
]
Server, calls = type(the_server()), []


def lying(self, **request):
    calls.append(1)
    error = errors[len(calls) % len(errors)]
    return {"error": error, "answer": 1.0, "missing": [1], "callback": "x", "at": "y"}


Server._call = Server._value = Server._build = lying
