# Runs as many statements as a cell can hold, each of which the grader is told of.
@STATEMENTS@
# %%
@STATEMENTS@
# %%
@STATEMENTS@
# %%
@STATEMENTS@
