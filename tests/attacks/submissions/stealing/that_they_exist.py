# Learns from stat whether a file is there, how large it is and when it was changed.
import os

for place in (f"{COURSE}/rubric.yaml", f"{SUBMISSIONS}/canary.py", "/etc/passwd"):
    attempt(f"stat {os.path.basename(place)}", os.stat, place)
    attempt(f"access {os.path.basename(place)}", lambda: os.access(place, os.F_OK) or 1 / 0)
attempt("chdir", os.chdir, COURSE)
tell()
