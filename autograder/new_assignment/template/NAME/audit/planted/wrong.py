# %% average-is-the-sum: average loses 1a.average
def average(values):
    return float(sum(values))
