# Overwrites, empties, renames, removes and relinks a classmate's work and marks.
import os

for place in (f"{SUBMISSIONS}/canary.py", f"{RESULTS}/canary.json", f"{COURSE}/rubric.yaml"):
    name = os.path.basename(place)
    attempt(f"write {name}", open, place, "w")
    attempt(f"append {name}", open, place, "a")
    attempt(f"truncate {name}", os.truncate, place, 0)
    attempt(f"empty {name}", os.open, place, os.O_RDONLY | os.O_TRUNC)
    attempt(f"rename {name}", os.rename, place, f"{place}.gone")
    attempt(f"unlink {name}", os.unlink, place)
    attempt(f"replace {name}", lambda: (open("mine", "w"), os.replace("mine", place)))
    attempt(f"link over {name}", os.symlink, "/dev/zero", f"{place}.link")
    attempt(f"own {name}", os.chown, place, os.getuid(), os.getgid())
tell()
