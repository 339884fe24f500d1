"""Grades the homework "Remembering the Past: Recurrent Neural Networks"."""

import sys

# nbformat imports jsonschema, which compiles 38 grammars of international addresses where this
# package of Jupyter's server is there: 2 s of a command, for a format that no notebook has.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
