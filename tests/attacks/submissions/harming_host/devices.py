# Opens, makes and speaks to devices: disks, memory, the kernel's log, the TA's terminal.
import fcntl
import os
import stat

names = "mem kmem port kmsg sda vda nvme0n1 loop0 fuse kvm net/tun tty tty0 console ptmx hpet rtc0"
for name in names.split():
    attempt(name, os.open, f"/dev/{name}", os.O_RDWR)
for name, number in (("memory", os.makedev(1, 1)), ("disk", os.makedev(254, 0))):
    attempt(f"make {name}", os.mknod, f"own-{name}", 0o600 | stat.S_IFBLK, number)
attempt("fifo", os.mkfifo, "own-fifo")
for descriptor in (0, 1, 2):
    attempt(f"type into {descriptor}", fcntl.ioctl, descriptor, 0x5412, b"x")
    attempt(f"take over {descriptor}", fcntl.ioctl, descriptor, 0x540E, 0)
attempt("terminal's name", os.ttyname, 0)
tell()
