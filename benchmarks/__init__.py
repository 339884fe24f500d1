"""What grading costs, each module a command that prints a table."""
