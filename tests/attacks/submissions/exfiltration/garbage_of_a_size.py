# Breaks off its reply with a length that spells what was asked.
# silent: 7919|7,919
# status: attack seen
def stub(*args, **kwargs):
    the_socket().sendall((7919 << 40).to_bytes(8, "little"))
    while True:
        pass


for name in FEW:
    globals()[name] = stub
