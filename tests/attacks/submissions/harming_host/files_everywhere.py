# Leaves a file in every place of this machine that it knows of.
# base: right
import os

for place in PLACES:
    attempt(place, lambda: open(os.path.join(place, MARKER), "w").write("was here"))
    attempt(f"folder in {place}", os.mkdir, os.path.join(place, MARKER + ".d"))
    attempt(f"link in {place}", os.symlink, "/etc", os.path.join(place, MARKER + ".l"))
tell()
