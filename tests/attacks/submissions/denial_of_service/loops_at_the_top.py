# Loops for ever while it is loaded, with every signal ignored.
# base: right
# earns: 5
# says: was stopped after 1.5 s
# asks: the kernel
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        continue
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
