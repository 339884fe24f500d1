# Reads what the kernel counts for the whole machine, in which a classmate's load would show.
import glob
import os

PROC = """
loadavg stat meminfo vmstat interrupts softirqs schedstat locks uptime diskstats sched_debug
pressure/cpu pressure/memory pressure/io net/unix net/sockstat sysvipc/shm timer_list key-users
sys/fs/file-nr sys/fs/inode-nr sys/fs/dentry-state sys/kernel/random/entropy_avail
sys/kernel/ns_last_pid sys/fs/aio-nr self/status self/schedstat self/io
"""
SYS = """
devices/system/cpu/online devices/system/cpu/cpu0/cpufreq/scaling_cur_freq kernel/mm/ksm/pages_shared
devices/system/cpu/cpu0/cpuidle/state0/usage devices/system/cpu/cpu0/cpuidle/state0/time
devices/system/node/node0/numastat class/thermal/thermal_zone0/temp fs/cgroup
"""
for name in PROC.split():
    attempt(name, open, f"/proc/{name}", "rb")
for name in SYS.split():
    attempt(name, open, f"/sys/{name}", "rb")
    attempt(f"folder of {name}", os.listdir, os.path.dirname(f"/sys/{name}"))
attempt("a processor", lambda: open(glob.glob("/sys/devices/system/cpu/cpu*/*/*")[0], "rb"))
attempt("average load", os.getloadavg)
tell()
