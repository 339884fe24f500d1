"""The grader as another system's autograder."""
