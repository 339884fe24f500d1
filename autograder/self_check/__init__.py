"""What students check their work with. It runs on their machines, built into `rnn_check.py`.

The release joins these modules, the visible checks and what they need into one file that imports
numpy and the standard library alone, and torch where the submission does.
"""
