# Breaks numpy, torch and the worker's own modules, for whoever comes next in this process.
import sys

import numpy as np
import torch

for module in (np, np.linalg, torch, torch.nn, *(m for n, m in sys.modules.items() if n.startswith("worker."))):
    for name in list(vars(module)):
        if not name.startswith("__") and callable(getattr(module, name)):
            try:
                setattr(module, name, None)
            except Exception:
                continue
