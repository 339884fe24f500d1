# Sends lengths that no message has: huge, zero, all ones, and what a signed number takes for -1.
# status: attack seen
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    length = [2**63, 2**64 - 1, 0, 2**32, (64 << 20) + 1, 2**62 - 1, 0x7FF8000000000000][len(calls) % 7]
    the_socket().sendall(length.to_bytes(8, "little"))


for name in FEW:
    globals()[name] = stub
