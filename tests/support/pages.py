"""The examples of a page of the documentation, run one after the other as they stand."""

from __future__ import annotations

import re
from contextlib import chdir
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"


def examples(page: str) -> list[str]:
    """The Python blocks of a page, such as "nn.md"."""
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def defined(page: str, folder: Path, **names: Any) -> dict[str, Any]:
    """What all examples of a page define, with `names` known before; the files that they write lie in `folder`."""
    found = {"folder": folder, **names}
    with chdir(folder):
        for example in examples(page):
            exec(compile(example, page, "exec"), found)
    return found
