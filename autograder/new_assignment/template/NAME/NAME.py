# %% [markdown]
# # TITLE

# %%
import numpy as np
from NAME_check import check


# %% part="1a" role="stub"
def average(values: np.ndarray) -> float:
    """The average of values (N,)."""
    ### BEGIN SOLUTION
    total = np.add.reduce(np.asarray(values, dtype=float))
    return float(total / np.shape(values)[0])
    ### END SOLUTION
    raise NotImplementedError("part 1a: average is still to be written")


# %% part="1a" role="stub"
def centered(values: np.ndarray) -> np.ndarray:
    """The values (N,) without their average."""
    ### BEGIN SOLUTION
    return np.asarray(values, dtype=float) - average(values)
    ### END SOLUTION
    raise NotImplementedError("part 1a: centered is still to be written")


# %% part="1a" role="check"
check("1a")

# %% [markdown] part="1a" role="written"
# **Question 1a.** What does the average of no numbers mean?
#
# ### BEGIN SOLUTION
# It means nothing: the sum is zero, and zero divided by zero is not a number.
# ### END SOLUTION
