"""From evidence, the rubric and people's decisions to marks."""
