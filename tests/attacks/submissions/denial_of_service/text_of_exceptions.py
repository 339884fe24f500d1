# Raises exceptions whose text is huge, raises, or kills, from every stub in turn.
import os


class Huge(Exception):
    __str__ = lambda self: "x" * (1 << 27)


class Raises(Exception):
    def __str__(self):
        raise self


class NoText(Exception):
    __str__ = lambda self: 7


class Meta(type):
    @property
    def __mro__(cls):
        raise SystemExit


class Strange(Exception, metaclass=Meta):
    def __getattribute__(self, name):
        raise KeyboardInterrupt


kinds = [Huge, Raises, NoText, Strange, BaseException, GeneratorExit, MemoryError, RecursionError]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    raise kinds[len(calls) % len(kinds)]


for name in FEW:
    globals()[name] = stub
