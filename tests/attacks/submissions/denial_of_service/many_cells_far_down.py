# Thousands of cells, each of which begins thousands of lines down.
# where: alone
@FAR_CELLS@
