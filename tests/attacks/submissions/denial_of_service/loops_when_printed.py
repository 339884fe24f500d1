# Raises exceptions whose text never ends, is gigabytes long, raises again, or has no type.
# says: was stopped after 1.5 s
class Endless(Exception):
    def __str__(self):
        while True:
            pass

    __repr__ = __str__


raise Endless
