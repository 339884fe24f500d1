# Fails in a cell of many thousand blank lines, through which the grader looks for a name.
# where: alone
@BLANK_LINES@
    undefined
