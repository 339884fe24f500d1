# Answers each call with a text of 40 MB, past the worker's own bounds.
kinds = [
    lambda text: {"answer": text},
    lambda text: {"error": {"type": "ValueError", "text": text}},
    lambda text: {"answer": 0.0, "surplus": text},
]
calls = []


def reply(self, *args, **kwargs):
    calls.append(1)
    return kinds[len(calls) % 3](str(len(calls)) * (40_000_000 // len(str(len(calls)))))


type(the_server())._call = reply
