# The same submission once more: of two, the second finds whatever the first has left.
# same: persistence/signs_on_shared_files.py
