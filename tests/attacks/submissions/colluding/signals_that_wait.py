# Lets signals wait until the user whom all workers run as may have no more, or takes them back.
import os
import resource
import signal

MANY, ONE = 40, 41
signal.pthread_sigmask(signal.SIG_BLOCK, [MANY, ONE])


def say(bit):
    while signal.sigtimedwait([MANY], 0):
        pass
    for _ in range(bit * min(resource.getrlimit(resource.RLIMIT_SIGPENDING)[1], 200_000)):
        os.kill(os.getpid(), MANY)


def hear():
    """Whether a signal still tells who sent it, which takes room."""
    os.kill(os.getpid(), ONE)
    return signal.sigtimedwait([ONE], 0).si_pid


attempt("room for signals", lambda: resource.getrlimit(resource.RLIMIT_SIGPENDING)[1] or 1 / 0)
tell()
