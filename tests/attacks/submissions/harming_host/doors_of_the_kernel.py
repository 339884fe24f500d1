# Tries the system calls that break-outs were made of, and those that change the whole machine.
CALLS = """
bpf 321 io_uring_setup 425 io_uring_enter 426 perf_event_open 298 userfaultfd 323 keyctl 250
add_key 248 request_key 249 kexec_load 246 kexec_file_load 320 init_module 175 finit_module 313
delete_module 176 personality 135 open_by_handle_at 304 name_to_handle_at 303 iopl 172 ioperm 173
modify_ldt 154 reboot 169 syslog 103 acct 163 swapon 167 swapoff 168 settimeofday 164
clock_settime 227 adjtimex 159 sethostname 170 setdomainname 171 quotactl 179 fanotify_init 300
inotify_init 253 vhangup 153 sync 162 lookup_dcookie 212 process_madvise 440 memfd_secret 447
landlock_restrict_self 446 seccomp 317 timer_create 222 timerfd_create 283 signalfd4 289
io_setup 206 io_submit 209 rt_tgsigqueueinfo 297 pidfd_open 434 pidfd_getfd 438 openat2 437
sched_setattr 314 mlockall 151 syncfs 306 get_robust_list 274 kcmp 312 lsm_set_self_attr 460
splice 275 vmsplice 278 tee 276 setsid 112 migrate_pages 256 move_pages 279 remap_file_pages 216
"""
words = CALLS.split()
for name, number in zip(words[::2], words[1::2]):
    attempt(name, syscall, int(number), 0, 0, 0, 0, 0)
tell()
