# Hands in a script of one line of a megabyte, before thousands of tiny cells.
# where: alone
x = "@MEGABYTE@"
@TINY_CELLS@
