# Stops itself instead of ending, and makes its ending as hard as it can be.
# says: cell
# asks: the kernel
import atexit
import os
import signal
import threading
import time


class Clinging:
    def __del__(self):
        while True:
            pass


clinging = Clinging()
atexit.register(time.sleep, 1000)
threading.Thread(target=time.sleep, args=(1000,)).start()
os.kill(os.getpid(), signal.SIGSTOP)
while True:
    time.sleep(1000)
