# Poisons the caches of torch and matplotlib, as classmates' processes would look for them.
import os
import tempfile

import matplotlib
import torch

caches = [matplotlib.get_cachedir(), os.environ.get("TORCHINDUCTOR_CACHE_DIR", "/tmp/torchinductor_student")]
caches += [torch.hub.get_dir(), os.path.join(tempfile.gettempdir(), "torchinductor_nobody")]
for folder in caches:
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, MARKER), "w") as file:
            file.write("poison")
    except OSError:
        continue
