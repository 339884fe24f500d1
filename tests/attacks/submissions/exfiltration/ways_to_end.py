# Ends with a status or a signal that spells what was asked.
# silent: status 77|SIGUSR1|SIGFPE
# asks: the kernel
import os
import signal

calls = []


def stub(*args, **kwargs):
    calls.append(1)
    signal.signal(signal.SIGFPE, signal.SIG_DFL)
    os._exit(77)


for name in FEW:
    globals()[name] = stub
