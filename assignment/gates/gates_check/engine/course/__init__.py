"""A course and its assignments: folders, rubric, concept questions, stubs and right solutions."""
