"""One submission in a worker: loads its cells, and calls its stubs as the checks ask."""
