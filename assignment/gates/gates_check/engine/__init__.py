"""What runs the checks: modules of the grader itself, as they are."""
