"""Files are written whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nn import files

KILLED = """
import sys
from nn import files
size = 1 << 18
number = 0
print("ready", flush=True)
while True:
    number = (number + 1) % 256
    files.write(sys.argv[1], bytes([number]) * size)
"""


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "a"
    assert files.write(path, b"one") == path
    files.write_text(path, "zwölf")
    assert path.read_text(encoding="utf-8") == "zwölf"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="rights of files as in POSIX")
def test_it_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "b").write_bytes(b"")
    files.write(tmp_path / "a", b"x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="links as in POSIX")
def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    files.write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a"
    files.write(path, b"old")

    def fails(*_):
        raise OSError("no space left")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fails)
            with pytest.raises(OSError, match="no space left"):
                files.write(path, b"new")
        assert path.read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["a"]


def test_a_folder_that_is_not_there_or_is_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        files.write(tmp_path / "no" / "a", b"")
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        files.write(tmp_path, b"")


@pytest.mark.skipif(os.name != "posix", reason="kill -9 as in POSIX")
def test_a_process_that_is_killed_while_writing_leaves_a_whole_file(tmp_path):
    path = tmp_path / "a"
    whole = {bytes([n]) * (1 << 18) for n in range(256)}
    for attempt in range(6):
        command = [sys.executable, "-c", KILLED, str(path)]
        root = Path(__file__).resolve().parents[2]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.03 + 0.017 * attempt)
            process.send_signal(signal.SIGKILL)
        if path.exists():
            assert path.read_bytes() in whole
    assert path.exists()
    left = [name for name in os.listdir(tmp_path) if name != "a"]
    assert all(name.startswith(".a.") and name.endswith(".part") for name in left)
