# Sends dicts whose keys all have the same hash, and twice the same key.
# status: attack seen
def stub(*args, **kwargs):
    keys = b"".join(b"\xcf" + (number * (2**61 - 1)).to_bytes(8, "big") + b"\x01" for number in range(8))
    body = b"\x88" + keys
    server = the_server()
    body = b"\x83\xa2id\xcd" + server._id.to_bytes(2, "big") + b"\xa2id\x01\xa6answer" + body
    the_socket().sendall(len(body).to_bytes(8, "little") + body)


for name in FEW:
    globals()[name] = stub
