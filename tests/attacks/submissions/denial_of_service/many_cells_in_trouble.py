# Raises in thousands of cells, each of which could have defined what is missing.
@FAILING_CELLS@
