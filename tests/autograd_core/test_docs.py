"""The tables of the documentation are those of the registry and of the declarations as they are; its examples can be pasted."""

import codeop
import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_core as ac

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", *sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md"))]


def test_the_rendered_tables_are_current():
    command = [sys.executable, str(ROOT / "docs" / "render.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def functions(monkeypatch):
    """The module docs/functions.py."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield importlib.import_module("functions")
    del sys.modules["functions"]


def test_every_public_function_is_on_the_page_of_coverage():
    text = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    spaces = {"": ac, **{f"{name}.": getattr(ac, name) for name in ("linalg", "fft", "special", "random")}}
    public = [at + name for at, space in spaces.items() for name in space.__all__ if hasattr(getattr(space, name), "__code__")]
    assert len(public) > 480
    assert [name for name in public if f"`{name}`" not in text] == []


def test_the_calls_of_the_page_of_coverage_are_checked(functions):
    """To second order, in float32 and in a batch, as it says of them."""
    known = {name: use for use in functions.uses() for name in use.names}
    for name, call, inputs in functions.calls():
        outputs = lambda *xs, call=call: [y for y in functions.tensors(call(*xs)) if y.dtype.kind in "fc"]
        wide = outputs(*map(functions.argument, inputs))
        if any(y.requires_grad for y in wide):
            ac.testing.gradcheck(outputs, inputs, order=2)
        narrow = outputs(*(ac.tensor(x, dtype=np.float32) for x in inputs))
        for y, z in zip(wide, narrow, strict=True):
            if name.startswith("random."):  # other draws
                assert not inputs or z.dtype == np.float32
                continue
            np.testing.assert_allclose(z.numpy(), y.numpy(), rtol=1e-4, atol=1e-4, err_msg=name)
        if inputs and not known[name].reads:
            ac.vmap(outputs)(*(np.stack([x, 1.01 * x]) for x in inputs))


def test_a_watch_tells_what_runs(functions):
    watch = functions.Watch()
    watch.run(lambda x: ac.nonzero(ac.argmax(ac.sin(x) * x) + ac.exp(x.detach())), [functions.argument(np.ones(3))], 2)
    found = {use.names[0]: use for use in watch.functions.values() if use.used}
    assert (found["sin"].parts, found["sin"].derived, found["sin"].order) == ({"sin"}, True, 2)
    assert (found["exp"].parts, found["exp"].derived, found["exp"].order) == ({"exp"}, False, 0)
    assert found["sin"].dtypes == {"float64"}
    assert (found["nonzero"].reads, found["argmax"].reads) == (True, False)


def test_the_folder_that_the_gallery_writes_by_default_is_ignored():
    (folder,) = re.findall(r'default=Path\("(.*)"\)', (ROOT / "docs" / "gallery.py").read_text(encoding="utf-8"))
    assert f"/{folder}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_examples_can_be_pasted_at_the_prompt(page):
    """The body of a loop or a function must end with an empty line there, or the next statement is an error of syntax."""
    for example in re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL):
        pending = []
        for line in [*example.splitlines(), ""]:
            pending.append(line)
            if codeop.compile_command("\n".join(pending), symbol="single") is not None:
                pending = []
        assert pending == []


@pytest.mark.parametrize("page", ["checking", "compile", "drawing"])
def test_the_examples_of_a_page_run_one_after_the_other(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    known, names = set(ac.registry), {"__name__": "__main__"}
    try:
        for example in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            exec(compile(example, f"docs/{page}.md", "exec"), names)
    finally:
        for name in set(ac.registry) - known:
            del ac.registry[name]
    assert names["ac"] is ac
