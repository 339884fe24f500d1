# Looks for the course and the secret in the environment, the arguments and the settings.
import os
import sys

everything = repr((dict(os.environ), sys.argv, sys.orig_argv, sys.path, sys.flags))
for name, word in (("course", COURSE), ("results", RESULTS), ("submissions", SUBMISSIONS)):
    attempt(name, everything.index, word)
for name in ("SSH_AUTH_SOCK", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "VIRTUAL_ENV", "USERNAME"):
    attempt(name, os.environ.__getitem__, name)
attempt("another home", lambda: os.environ["HOME"].index("/root"))
tell()
