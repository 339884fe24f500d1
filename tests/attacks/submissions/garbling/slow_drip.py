# Sends a reply byte by byte, so that something always arrives and nothing is ever whole.
# says: took longer than
import time


def ngram_distribution(*args):
    line = the_socket()
    line.sendall((1 << 20).to_bytes(8, "little"))
    while True:
        line.sendall(b"\x00")
        time.sleep(0.01)
