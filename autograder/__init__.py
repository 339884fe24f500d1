"""Grades the homework "Remembering the Past: Recurrent Neural Networks"."""
