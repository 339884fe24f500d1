"""What the commands say of themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder import cli


def test_each_module_is_a_command() -> None:
    modules = {path.stem for path in Path(cli.__file__).parent.glob("[a-z]*.py")}
    assert modules - {"options", "watching"} == set(cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_command_says_what_it_does(name: str) -> None:
    done = CliRunner().invoke(cli.main, [name, "--help"])
    assert done.exit_code == 0, done.output
    assert name in done.output.splitlines()[0]
    assert f"  {name} " in CliRunner().invoke(cli.main, ["--help"]).output


def test_an_unknown_command_is_refused() -> None:
    assert CliRunner().invoke(cli.main, ["grades"]).exit_code == 2


def test_characters_that_a_terminal_lacks_end_no_command(tmp_path: Path) -> None:
    folder = tmp_path / "week … 3"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", "from autograder.cli import main; main()", "new", "week"],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        encoding="latin-1",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "week ? 3" in done.stdout
