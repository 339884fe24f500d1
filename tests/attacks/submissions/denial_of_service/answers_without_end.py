# Answers with things that never end when they are read: iterators, lengths, nests, circles.
import mmap


class Endless:
    __len__ = lambda self: 1 << 62
    __getitem__ = lambda self, index: Endless()
    __iter__ = lambda self: iter(int, 1)


class List(list):
    __iter__ = lambda self: iter(int, 1)
    __len__ = lambda self: 1


deep, circle = [], []
for _ in range(100_000):
    deep = [deep]
circle.append(circle)
things = [List(), deep, circle, iter(int, 1), range(1 << 62), mmap.mmap(-1, 1 << 24), {"a": circle}]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    return things[len(calls) % len(things)]


for name in FEW:
    globals()[name] = stub
