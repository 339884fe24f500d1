"""Leaves a process the system calls that computing needs: a table of them, as a seccomp filter."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from functools import cache
from typing import NamedTuple

from .namespaces import call

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
    # With flags, they show whether a file is in memory.
    without_flags = [Rule(5, whole, {0})]
    return {
        "open": [Rule(1, opened, OPEN_MODES)],
        "openat": [Rule(2, opened, OPEN_MODES)],
        "preadv2": without_flags,
        "pwritev2": without_flags,
        # Large pages from the machine's own stock are shared by all.
        "mmap": [Rule(3, MAP_HUGETLB, {0})],
        "madvise": [Rule(2, whole, MADVISE)],
        # One that is not private can be in a file that others read too. Waiting for it returns
        # at once, as it may, and the caller asks again; so no thread waits to be woken.
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
