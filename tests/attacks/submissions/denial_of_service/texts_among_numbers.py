# Answers with lists of numbers and one text, for which numpy makes all the room of that text.
things = [["\U0001f600" * 64] + [0] * 59_000, ["x" * 64] * 30_000, ["x" * 64] + [0] * 900_000]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    return things[len(calls) % len(things)]


for name in STUBS:
    globals()[name] = stub
answers_1b = answers_4b = {"order": things[1], "vanishing": things[1]}
