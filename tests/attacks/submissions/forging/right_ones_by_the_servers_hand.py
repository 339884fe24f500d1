# As before, but only while right ones are answered at all, and by the server's own functions.
def asking(name):
    def stub(*args, **kwargs):
        frame = the_frame()
        if not frame.f_locals.get("replaced"):
            raise ValueError("wait until right ones are in place")
        return frame.f_locals["self"]._stand_in(name)(*args, **kwargs)

    return stub


for name in STUBS:
    globals()[name] = asking(name)
