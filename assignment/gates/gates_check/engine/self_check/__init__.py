"""What students check their work with. The release copies it into the folder ``NAME_check/``.

So these modules, and those of other rooms that they use, import each other by relative imports, and
else numpy and the standard library alone; torch only where the submission has a model.
"""
