"""How each stub is asked."""

from autograder.course.stubs import Stub

STUBS = {"average": Stub(takes=("N",))}
