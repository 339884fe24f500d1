# The same submission once more: of two, the second finds whatever the first has left.
# base: right
# same: persistence/what_was_left_behind.py
