# Raises on a line, and with a text and a type, that spell what was asked.
# silent: 7919
kinds = [ValueError, KeyError, IndexError, type("x7919x", (Exception,), {})]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    error = kinds[len(calls) % len(kinds)]
    exec(compile("\n" * 7918 + "raise error('x7919x' + repr(args))", "cell 7919", "exec"), {"error": error, "args": args})


for name in FEW:
    globals()[name] = stub
