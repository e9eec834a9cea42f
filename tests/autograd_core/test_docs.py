"""The tables of the documentation are those of the registry and of the declarations as they are."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_rendered_tables_are_current():
    command = [sys.executable, str(ROOT / "docs" / "render.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
