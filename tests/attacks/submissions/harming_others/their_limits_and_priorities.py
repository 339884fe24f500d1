# Takes limits, priorities and processors away from other processes.
import os
import resource

for pid in (2, 3, os.getppid() or 5):
    attempt(f"limits {pid}", resource.prlimit, pid, resource.RLIMIT_AS, (0, 0))
    attempt(f"processors {pid}", os.sched_setaffinity, pid, {0})
    attempt(f"priority {pid}", os.setpriority, os.PRIO_PROCESS, pid, 19)
    attempt(f"schedule {pid}", os.sched_setscheduler, pid, os.SCHED_BATCH, os.sched_param(0))
attempt("own priority", os.setpriority, os.PRIO_PROCESS, 0, -20)
attempt("own schedule", os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(99))
attempt("own processors", os.sched_setaffinity, 0, {0})
tell()
