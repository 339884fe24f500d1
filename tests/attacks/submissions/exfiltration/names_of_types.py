# Answers with a value whose type is named after what was asked, so that the report shows it.
# silent: 7919
def stub(*args, **kwargs):
    return type("x7919x" + repr(args)[:40], (), {})()


for name in STUBS:
    globals()[name] = stub
