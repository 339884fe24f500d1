# Starts threads without end, that never end and are not daemons, with tiny stacks.
# says: cell
# asks: the kernel
import threading
import time

threading.stack_size(1 << 16)
while True:
    threading.Thread(target=time.sleep, args=(1000,)).start()
