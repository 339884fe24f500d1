# Changes the interpreter, its packages and the worker's own files, for every later run.
import os
import sys
import sysconfig

import numpy
import torch

library = sysconfig.get_path("purelib")
places = [numpy.__file__, torch.__file__, os.__file__, sys.modules["worker.cells"].__file__]
for place in places:
    attempt(f"write {place}", open, place, "a")
    attempt(f"remove {place}", os.unlink, place)
    attempt(f"rename {place}", os.rename, place, place + ".old")
    attempt(f"empty {place}", os.open, place, os.O_RDONLY | os.O_TRUNC)
for name in ("sitecustomize.py", "usercustomize.py", MARKER + ".pth", "numpy.py"):
    attempt(name, lambda: open(os.path.join(library, name), "w").write("raise SystemExit"))
    attempt(f"box {name}", lambda: open(f"/box/worker/{name}", "w").write("raise SystemExit"))
attempt("bytecode", lambda: open(os.path.join(os.path.dirname(numpy.__file__), "__pycache__", "x"), "w"))
attempt("interpreter", open, sys.executable, "r+b")
tell()
