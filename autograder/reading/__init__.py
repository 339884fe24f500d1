"""Written answers, and those who read them: a form, a page, and how far readers agree."""
