# Answers with what is large, one byte at a time.
sock = the_socket()
body = bytes([0x81, 0xA6]) + b"answer" + bytes([0xC5, 0xFF, 0xFF]) + bytes(65535)


def reply(self, *args, **kwargs):
    message = (4_000_000).to_bytes(8, "little") + body * 80
    while True:
        for byte in message:
            sock.send(bytes([byte]))


type(the_server())._call = reply
