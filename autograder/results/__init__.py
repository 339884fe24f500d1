"""What is kept of a student on disk, and read again."""
