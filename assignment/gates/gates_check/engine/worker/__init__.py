"""The only code that shares a process with a student's.

Nothing here imports the rest of the project, and nothing here is trusted by it: what a worker
answers is data to be checked.
"""
