"""What learning platforms give to download, as one submission for each student. Runs nothing."""
