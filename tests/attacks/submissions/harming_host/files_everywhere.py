# Leaves a file in every place of this machine that it knows of.
# base: right
import os

for place in PLACES:
    mine = place in PRIVATE
    attempt(place, lambda: open(os.path.join(place, MARKER), "w").close(), expected=mine)
    attempt(f"folder in {place}", os.mkdir, os.path.join(place, MARKER + ".d"), expected=mine)
    attempt(f"link in {place}", os.symlink, "/", os.path.join(place, MARKER + ".l"), expected=mine)
tell()
