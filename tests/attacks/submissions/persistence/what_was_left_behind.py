# Looks for what the classmate before left: files, memory, variables, modules, patches.
# base: right
import builtins
import os
import tempfile

import numpy as np
import torch

attempt("files", lambda: (os.listdir(".") + [n for n in os.listdir(tempfile.gettempdir())])[0])
attempt("shared memory", lambda: os.listdir("/dev/shm")[0])
attempt("variables", lambda: builtins.left_behind)
attempt("modules", lambda: np.left_behind)
attempt("torch", lambda: torch.left_behind)
attempt("environment", os.environ.__getitem__, "LEFT_BEHIND")
for module in (builtins, np, torch):
    module.left_behind = 1
os.environ["LEFT_BEHIND"] = "1"
open("left_behind", "w").close()
tell()
