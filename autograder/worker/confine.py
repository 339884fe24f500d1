"""Confines a worker before it loads a student's code: namespaces, landlock, limits, seccomp.

The warm process calls ``prepare`` before it imports anything and ``fork`` for each worker; the
worker calls ``confine`` before anything else. At the level

- ``isolated`` the worker is alone in namespaces of its own: it sees no other process, no network,
  an empty ``/proc``, small ``/tmp`` and ``/dev/shm`` of its own, and all else read-only. What files
  there are at all is up to the box that the warm process was started in (``autograder/box.py``).
- ``restricted`` it shares those of the warm process, and landlock shuts it out of all files but
  Python's own and one private folder. Such a worker can still learn that a file exists, how
  large it is and when it was changed.
- ``none`` nothing is kept from it. For one's own code only.

At both real levels seccomp leaves a worker what computing needs and nothing else: no new
processes or programs, no sockets beside those it holds, no signals to others. Needs Linux 5.12
(isolated) or a kernel with landlock (restricted), on x86_64 or aarch64.

``main`` confines a process and has it try to break out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

from .namespaces import (
    CLONE_NEWPID,
    PR_SET_DUMPABLE,
    become_nobody,
    call,
    close_others,
    die_with_parent,
    drop_capabilities,
    end_as,
    fork_alone,
    has_nobody,
    into_namespaces,
    syscall,
    unshare_user,
)

Level = Literal["isolated", "restricted", "none"]

MEGABYTE = 1 << 20
TMP_MB = 64
TMP_FILES = 4096
FILE_MB = 64
STACK_MB = 8
OPEN_FILES = 256
THREADS = 64
# What a worker has to find in its Python.
NEEDED = ("numpy", "torch")
# Where a user's threads are counted over the whole machine: what others may start meanwhile.
SHARED_THREADS = 256


# -- namespaces -----------------------------------------------------------------------------------


def prepare(level: Level) -> None:
    """Readies this process, which has one thread, to ``fork`` workers.

    For ``isolated`` it goes on as the first process of a pid namespace in a user namespace of its
    own, which lets it make more of them; the process that called stays behind and ends as it does.
    For ``restricted`` root becomes nobody. Where there is no such user it stays what it is, which
    must then be an ordinary user outside of this user namespace.
    """
    if level == "isolated":
        unshare_user(CLONE_NEWPID)
        pid = os.fork()
        if pid:
            close_others(())
            end_as(pid)
        die_with_parent()
        # Worked out here once, rather than in every worker.
        readable()
        seccomp_program(1, platform.machine())
    elif level == "restricted" and os.geteuid() == 0 and has_nobody():
        needed = [str(path) for path in (*readable(), Path(os.environ["HOME"])) if path.exists()]
        become_nobody(needed)


def fork(level: Level) -> int:
    """As ``os.fork``; for ``isolated`` the child is the first process of a new pid namespace.

    The pid returned is the one that the caller can kill and wait for.
    """
    return fork_alone() if level == "isolated" else os.fork()


# -- landlock -------------------------------------------------------------------------------------

SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 444, 445, 446
LANDLOCK_VERSION, LANDLOCK_PATH_BENEATH = 1, 1
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(1, 6))
MAKE_DIR, MAKE_FILE, MAKE_LINK, REFER, TRUNCATE = (1 << bit for bit in (7, 8, 12, 13, 14))
READ = READ_FILE | READ_DIR
CHANGE = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_FILE | MAKE_LINK | REFER | TRUNCATE
OF_A_FILE = READ_FILE | WRITE_FILE | TRUNCATE
# The rights on files, on TCP and over others that each version of landlock knows.
KNOWN = {
    1: ((1 << 13) - 1, 0, 0),
    2: ((1 << 14) - 1, 0, 0),
    3: ((1 << 15) - 1, 0, 0),
    4: ((1 << 15) - 1, 3, 0),
    5: ((1 << 16) - 1, 3, 0),
    6: ((1 << 16) - 1, 3, 3),
}


def landlock_version() -> int:
    """The version of landlock that the kernel has, 0 for none."""
    try:
        return syscall("landlock", SYS_LANDLOCK_CREATE, None, 0, LANDLOCK_VERSION)
    except OSError:
        return 0


@cache
def readable() -> list[Path]:
    """The folders and files of Python, its packages and the system's libraries."""
    places = [
        *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share"),
        *("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/dev/zero"),
        *("/dev/null", "/dev/random", "/dev/urandom"),
    ]
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        places += [f"{prefix}/{name}" for name in ("lib", "lib64", "share", "pyvenv.cfg")]
    places.append(str(Path(__file__).parent))
    return [Path(place) for place in dict.fromkeys(map(os.path.realpath, places))]


def _around(place: Path, hidden: Sequence[Path]) -> Iterator[tuple[Path, int]]:
    """``place`` with its rights; where something hidden lies in it, what lies around that."""
    if place in hidden:
        return
    if not any(place in path.parents for path in hidden):
        yield place, READ
        return
    yield place, READ_DIR
    for entry in place.iterdir():
        yield from _around(entry, hidden)


def landlock(private: Sequence[Path], hidden: Sequence[Path] = ()) -> None:
    """From here on: files are read in ``readable`` places but not in ``hidden`` ones, and made or
    changed in ``private`` ones; no program starts, no TCP, no signal or abstract socket to others.

    Hidden places are real paths. Raises OSError where the kernel has no landlock.
    """
    files, tcp, others = KNOWN[min(max(landlock_version(), 1), max(KNOWN))]
    attributes = struct.pack("=QQQ", files, tcp, others)[: 24 if others else 16 if tcp else 8]
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    rules = syscall("landlock", SYS_LANDLOCK_CREATE, buffer, len(attributes), 0)
    granted = [rule for place in readable() for rule in _around(place, hidden)]
    granted += [(Path("/dev/null"), OF_A_FILE), *((place, READ | CHANGE) for place in private)]
    for place, rights in granted:
        _allow_beneath(rules, place, rights & files)
    syscall("landlock", SYS_LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)


def _allow_beneath(rules: int, place: Path, rights: int) -> None:
    try:
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(place):
        rights &= OF_A_FILE
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor), 12)
    syscall("landlock", SYS_LANDLOCK_ADD, rules, LANDLOCK_PATH_BENEATH, rule, 0)
    os.close(descriptor)


# -- limits ---------------------------------------------------------------------------------------


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def present_megabytes() -> int:
    """The address space that this process takes now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize() // MEGABYTE


def machine_threads() -> int:
    """The threads that run now, of all users."""
    with open("/proc/loadavg") as file:
        return int(file.read().split()[3].split("/")[1])


def die_first() -> None:
    """Where memory runs out all the same, the kernel takes this process before any other."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def limits(address_space_mb: int, cpu_seconds: int, threads: int) -> None:
    """Hard limits; ``address_space_mb`` and ``threads`` count what is there already."""
    _limit(resource.RLIMIT_AS, address_space_mb * MEGABYTE)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_NPROC, threads)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, FILE_MB * MEGABYTE)
    _limit(resource.RLIMIT_STACK, STACK_MB * MEGABYTE)
    _limit(resource.RLIMIT_CORE, 0)
    # Signals that wait with their senders are counted for all processes of a user together.
    _limit(resource.RLIMIT_SIGPENDING, 0)


# -- seccomp --------------------------------------------------------------------------------------

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
LOAD, AND, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
# Calls with higher numbers came after 2019; without them the C library uses older ones.
LAST_OLD_CALL = 423
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# Name, number on x86_64, number on aarch64.
ALLOWED = """
read 0 63  write 1 64  readv 19 65  writev 20 66  pread64 17 67  pwrite64 18 68  preadv 295 69
pwritev 296 70  creat 85 -  close 3 57  close_range 436 436
stat 4 -  fstat 5 80  lstat 6 -  newfstatat 262 79  statx 332 291  access 21 -  faccessat 269 48
faccessat2 439 439  lseek 8 62  readlink 89 -  readlinkat 267 78  getdents 78 -  getdents64 217 61
getcwd 79 17  chdir 80 49  fchdir 81 50  mkdir 83 -  mkdirat 258 34  rmdir 84 -  unlink 87 -
unlinkat 263 35  rename 82 -  renameat 264 38  renameat2 316 276  link 86 -  linkat 265 37
symlink 88 -  symlinkat 266 36  ftruncate 77 46  fallocate 285 47  umask 95 166
sendfile 40 71  copy_file_range 326 285  getxattr 191 8  lgetxattr 192 9  fgetxattr 193 10
listxattr 194 11  llistxattr 195 12  flistxattr 196 13  dup 32 23  dup2 33 -  dup3 292 24
poll 7 -  ppoll 271 73  select 23 -  pselect6 270 72

shutdown 48 210  getsockname 51 204  getpeername 52 205

munmap 11 215  mprotect 10 226  mremap 25 216  brk 12 214  mlock 149 228  munlock 150 229

set_robust_list 273 99  set_tid_address 218 96  rseq 334 293
sched_yield 24 124  sched_getaffinity 204 123  sched_getparam 143 121  sched_getscheduler 145 120
sched_get_priority_max 146 125  sched_get_priority_min 147 126  getcpu 309 168  gettid 186 178
exit 60 93  exit_group 231 94  arch_prctl 158 -

rt_sigaction 13 134  rt_sigprocmask 14 135  rt_sigreturn 15 139  rt_sigpending 127 136
rt_sigtimedwait 128 137  rt_sigsuspend 130 133  sigaltstack 131 132  pause 34 -
restart_syscall 219 128  nanosleep 35 101  gettimeofday 96 169  time 201 -  times 100 153
alarm 37 -  getitimer 36 102  setitimer 38 103

getpid 39 172  getppid 110 173  getuid 102 174  geteuid 107 175  getgid 104 176  getegid 108 177
getgroups 115 158  getresuid 118 148  getresgid 120 150  getpgrp 111 -  getpgid 121 155
getsid 124 156  uname 63 160  getrlimit 97 163  setrlimit 160 164  getrusage 98 165
getrandom 318 278  getpriority 140 141
"""
# These by one of their arguments, see ``_rules``.
ALLOWED_IN_PART = """
futex 202 98  mmap 9 222  madvise 28 233  clock_gettime 228 113  sendto 44 206  recvfrom 45 207
openat 257 56  open 2 -  fcntl 72 25  ioctl 16 29  clone 56 220  preadv2 327 286  pwritev2 328 287
prctl 157 167  prlimit64 302 261  clock_getres 229 114  clock_nanosleep 230 115
kill 62 129  tgkill 234 131
"""
# These succeed and do nothing. Landlock does not watch over modes and times, but copying a file
# sets them. Locks, advice and waiting for a disk would reach other workers by the files that all
# of them read, and mean nothing for the files of one process that are gone with it.
PRETENDED = """
chmod 90 -  fchmod 91 52  fchmodat 268 53  fchmodat2 452 452  utime 132 -  utimes 235 -
futimesat 261 -  utimensat 280 88  flock 73 32  fadvise64 221 223
fsync 74 82  fdatasync 75 83  msync 26 227
"""

CLONE_THREAD = 0x00010000
# open: reading alone may not empty a file, which old landlocks do not see.
OPEN_MODES = {0, 1, 2, 3, os.O_TRUNC | 1, os.O_TRUNC | 2, os.O_TRUNC | 3}
MAP_HUGETLB = 0x40000
# madvise: what concerns this process's own pages: NORMAL, RANDOM, SEQUENTIAL, DONTNEED, FREE,
# DONTFORK, DOFORK, (NO)HUGEPAGE, DONTDUMP, DODUMP, WIPEONFORK, KEEPONFORK, GUARD_INSTALL and
# GUARD_REMOVE. Others fill or empty the cache of files, or merge pages with those of others.
MADVISE = {0, 1, 2, 4, 8, 10, 11, 14, 15, 16, 17, 18, 19, 102, 103}
FUTEX_WAKE, FUTEX_PRIVATE = 1, 128
# fcntl: copies and flags of descriptors, and which locks there are: none, since no worker gets
# one. Neither owners, who get signals, nor leases and notices, nor O_DIRECT.
FCNTL = {0, 1, 2, 3, 5, 36, 1030}
# fcntl: F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW.
LOCKS = {6, 7, 37, 38}
# ioctl: TCGETS and TCGETS2 (is it a terminal?), TIOCGWINSZ, FIONREAD, FIONBIO, FIO(N)CLEX.
IOCTL = {0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451}
# prctl: a thread's name, a mapping's name, the width of vectors.
PRCTL = {15, 16, 51, 64, 0x53564D41}


class Rule(NamedTuple):
    """The verdict on a call where ``argument``, under ``mask``, has one of ``values``."""

    argument: int
    mask: int
    values: set[int]
    verdict: int = ALLOW


def _rules(pid: int) -> dict[str, list[Rule]]:
    """For each call its rules. The first that fits decides; where none does, it is refused."""
    whole = 0xFFFFFFFF
    opened = os.O_ACCMODE | os.O_TRUNC | os.O_DIRECT
    # The clocks of this process and of the machine; others are of any process, by its number.
    clocks = [Rule(0, whole - 15, {0})]
    # With flags, they tell whether a file is in memory.
    without_flags = [Rule(5, whole, {0})]
    return {
        "open": [Rule(1, opened, OPEN_MODES)],
        "openat": [Rule(2, opened, OPEN_MODES)],
        "preadv2": without_flags,
        "pwritev2": without_flags,
        # Large pages from the machine's own stock are shared by all.
        "mmap": [Rule(3, MAP_HUGETLB, {0})],
        "madvise": [Rule(2, whole, MADVISE)],
        # One that is not private can lie in a file that others read too. Waiting for it returns
        # at once, as it may, and whoever waits asks again; so there is nobody to wake.
        "futex": [
            Rule(1, FUTEX_PRIVATE, {FUTEX_PRIVATE}),
            Rule(1, whole, {FUTEX_WAKE}, REFUSE | 0),
            Rule(1, 0, {0}, REFUSE | errno.EAGAIN),
        ],
        "clone": [Rule(0, 0x7E020000 | CLONE_THREAD, {CLONE_THREAD})],
        "fcntl": [Rule(1, whole, FCNTL), Rule(1, whole, LOCKS, REFUSE | 0)],
        "ioctl": [Rule(1, whole, IOCTL)],
        "prctl": [Rule(0, whole, PRCTL)],
        "prlimit64": [Rule(0, whole, {0, pid})],
        "clock_gettime": clocks,
        "clock_getres": clocks,
        "clock_nanosleep": clocks,
        "kill": [Rule(0, whole, {pid})],
        "tgkill": [Rule(0, whole, {pid})],
        # Without flags: not out of band, where the kernel has had holes.
        "sendto": [Rule(3, whole, {0})],
        "recvfrom": [Rule(3, whole, {0})],
    }


def _numbers(table: str, column: int) -> dict[str, int]:
    words = table.split()
    numbers = zip(words[::3], words[1 + column :: 3], strict=True)
    return {name: int(number) for name, number in numbers if number != "-"}


@cache
def seccomp_program(pid: int, machine: str) -> bytes:
    """The filter, in classic BPF, for a worker with this pid on x86_64 or aarch64.

    Refused calls fail with EPERM, new ones with ENOSYS; nothing kills. Calls of another
    architecture (32 bit, x32) are refused whole.
    """
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"seccomp: the system calls of {machine} are not known here")
    column, architecture = MACHINES[machine]
    refuse = REFUSE | errno.EPERM

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    program = [
        step(LOAD, ARCHITECTURE),
        step(IF_EQUAL, architecture, yes=1),
        step(RETURN, refuse),
        step(LOAD, NUMBER),
    ]
    # First those by an argument: of the others the kernel remembers the verdict.
    rules = _rules(pid)
    for name, number in _numbers(ALLOWED_IN_PART, column).items():
        body = []
        for argument, mask, values, verdict in rules[name]:
            body += [step(LOAD, FIRST_ARGUMENT + 8 * argument), step(AND, mask)]
            for value in sorted(values):
                body += [step(IF_EQUAL, value, no=1), step(RETURN, verdict)]
        body.append(step(RETURN, refuse))
        program += [step(IF_EQUAL, number, no=len(body)), *body]
    for table, verdict in ((ALLOWED, ALLOW), (PRETENDED, REFUSE | 0)):
        for number in sorted(_numbers(table, column).values()):
            program += [step(IF_EQUAL, number, no=1), step(RETURN, verdict)]
    program += [
        step(IF_AT_LEAST, LAST_OLD_CALL + 1, no=1),
        step(RETURN, REFUSE | errno.ENOSYS),
        step(RETURN, refuse),
    ]
    return b"".join(program)


def seccomp() -> None:
    """Leaves this process, which has one thread, the calls that computing needs."""
    program = seccomp_program(os.getpid(), platform.machine())
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    filter_ = ctypes.create_string_buffer(header, len(header))
    call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0)


# -- all of it ------------------------------------------------------------------------------------


def confine(
    level: Level,
    *,
    keep: int,
    memory_mb: int,
    cpu_seconds: int,
    private: Path | None = None,
    hidden: Sequence[Path] = (),
) -> None:
    """Confines this process, fresh from ``fork``, and moves it to its private folder.

    ``keep`` is the one descriptor above 2 that stays open; ``memory_mb`` is what it may take
    beside what it has now. ``restricted`` alone needs a ``private`` folder and the ``hidden`` ones:
    those that no worker may read, wherever they lie. Raises OSError where a step fails.
    """
    close_others([keep])
    os.setsid()
    if level == "none":
        return
    die_with_parent()
    die_first()
    address_space_mb = present_megabytes() + memory_mb
    if level == "isolated":
        into_namespaces(f"size={TMP_MB}m,nr_inodes={TMP_FILES}")
        threads, writable = THREADS, [Path("/tmp"), Path("/dev/shm")]
    else:
        assert private is not None
        threads, writable = machine_threads() + SHARED_THREADS, [private]
    os.chdir(writable[0])
    os.environ["HOME"] = tempfile.tempdir = str(writable[0])
    drop_capabilities()
    if level == "restricted" or landlock_version():
        landlock(writable, [path.resolve() for path in hidden])
    limits(address_space_mb, cpu_seconds, threads)
    # A program that the kernel pipes core files to gets them whatever the limit is.
    call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
    seccomp()


# -- trying it ------------------------------------------------------------------------------------

UNCOUNTED = (
    "nothing bounds the threads of the machine's root, and the user nobody (65534), whom it would "
    "become, does not exist here"
)


def _must_fail(what: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except OSError:
        return
    raise RuntimeError(f"a confined process could {what}")


def _read_any_file(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            Path(parent, name).read_bytes()
            return
    raise FileNotFoundError(folder)


def _start_a_thread() -> None:
    thread = threading.Thread(target=bytearray, args=[MEGABYTE])
    thread.start()
    thread.join()


def _must_find(modules: Sequence[str]) -> None:
    """Else every submission would fail for want of them."""
    for name in modules:
        found = find_spec(name)
        if found is None or not found.origin or not _can_read(found.origin):
            raise RuntimeError(f"{name} cannot be imported by a worker")


def _can_read(file: str) -> bool:
    try:
        with open(file, "rb"):
            return True
    except OSError:
        return False


def _try_to_break_out(hidden: Sequence[Path]) -> None:
    _must_fail("open a socket", socket.socket)
    _must_fail("start a process", os.fork)
    _must_fail("run a program", lambda: os.execv("/bin/false", ["false"]))
    _must_fail("signal another process", lambda: os.kill(os.getppid() or 2, 0))
    _must_fail("write beside its folder", lambda: Path("../escaped").write_text("x"))
    _must_fail("read what is not Python's", lambda: Path("/etc/passwd").read_text())
    _must_fail("see processes", lambda: Path("/proc/self/status").read_text())
    for folder in hidden:
        _must_fail(f"read {folder}", partial(_read_any_file, folder))
    Path("own").write_text("x")
    _start_a_thread()
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    try:
        _start_a_thread()
    except RuntimeError:
        return
    # The kernel does not count the threads of the machine's own root.
    raise RuntimeError(UNCOUNTED)


def main(level: Level, folder: str, *hidden: str) -> int:
    """Confines a fork at ``level`` and tries to break out. 0 if it holds, 1 and why if not."""
    concealed = [Path(path) for path in hidden]
    try:
        prepare(level)
        _must_find(NEEDED)
        pid = fork(level)
        if pid:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        confine(
            level, keep=2, memory_mb=256, cpu_seconds=10, private=Path(folder), hidden=concealed
        )
        if level != "none":
            _try_to_break_out(concealed)
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
