# Reads a classmate's submission and marks, by path, through links and by their names.
import os
from pathlib import Path

places = [f"{SUBMISSIONS}/canary.py", f"{RESULTS}/canary.json", f"{RESULTS}/grades.csv"]
for number, place in enumerate(places):
    attempt(place, Path(place).read_bytes)
    os.symlink(place, f"link{number}")
    attempt(f"link to {place}", Path(f"link{number}").read_bytes)
    attempt(f"hard link to {place}", os.link, place, f"hard{number}")
attempt("list submissions", os.listdir, SUBMISSIONS)
attempt("list results", os.listdir, RESULTS)
attempt("list /tmp", lambda: [n for n in os.listdir("/tmp") if "link" not in n and "hard" not in n][0])
attempt("list /dev/shm", lambda: os.listdir("/dev/shm")[0])
tell()
