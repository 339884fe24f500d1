# Plants code where a later Python would run it: startup files, paths, bytecode, settings.
import os
import site
import sys
import sysconfig

home = os.path.expanduser("~")
plants = [
    (sysconfig.get_path("purelib"), "sitecustomize.py"),
    (site.getusersitepackages(), "usercustomize.py"),
    (f"{home}/.ipython/profile_default/startup", f"{MARKER}.py"),
    (f"{home}/.config/matplotlib", "matplotlibrc"),
    (PACKAGE, f"{MARKER}.py"),
    (f"{PACKAGE}/worker", "__init__.py"),
    (f"{PACKAGE}/checks", "conftest.py"),
    (f"{COURSE}/solutions/rnn/checks", "conftest.py"),
    (COURSE, "conftest.py"),
    (SUBMISSIONS, "numpy.py"),
]
for folder, name in plants:
    own = folder.startswith((os.getcwd(), home))

    def plant():
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "w") as file:
            file.write("raise SystemExit('planted')")

    attempt(f"{folder}/{name}", plant, expected=own)
tell()
