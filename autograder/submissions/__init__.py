"""Who handed in what, and the cells that it is made of. Runs and compiles nothing."""
