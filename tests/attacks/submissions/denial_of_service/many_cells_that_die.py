# Ends its process in each of hundreds of cells, so that all before them run again.
@DYING_CELLS@
