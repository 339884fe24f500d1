# Makes shared memory, queues and semaphores that outlive it, where classmates could find them.
import mmap
import os
from multiprocessing import shared_memory

IPC_CREAT = 0o1000
attempt("shmget", syscall, 29, 0x5EED, 4096, IPC_CREAT | 0o666)
attempt("semget", syscall, 64, 0x5EED, 1, IPC_CREAT | 0o666)
attempt("msgget", syscall, 68, 0x5EED, IPC_CREAT | 0o666)
attempt("mq_open", syscall, 240, b"/" + MARKER.encode(), os.O_CREAT | os.O_RDWR, 0o666, 0)
attempt("memfd", os.memfd_create, MARKER)
attempt("shared_memory", lambda: shared_memory.SharedMemory(MARKER, create=True, size=4096))
tell()
