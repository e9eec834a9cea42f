"""The house is held: who may import whom, what is public, what an import costs, and how long a file may be.

Each check goes from a path and a text to the list of their faults. It runs on every file of the packages, and on small
planted texts that show what it refuses and what it lets pass.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A package may import those before it; a module, those before it in its folder. A folder's own `__init__` and
# `__main__` may import all of the folder.
PACKAGES = ("autograd_core", "nn", "physics")
ORDER = {
    "autograd_core": """errors trees dtypes arrays graph relay reading interface tensor copies primitive unrolled linear
        broadcast batch table backward span ops public queries flat linalg special tapers random fft methods
        protocols tape transforms batching matrices taylor calculus anomaly checkpointing custom compile viz
        testing""",
    "autograd_core.ops": """kernels elementwise parts shape families join creation ranges grid builders stacks select reduction
        reduce product nan softmax indices index sort sets quantile interpolate segment counting update
        matmul contract diagonal statistics cross difference arrange extend pad windows piecewise linalg
        determinant gauge slopes groupwise isotropic frame factor lu spectral svd pseudo polynomial matrix
        norm fft unfold patches convolution pooling conv pool special_kernels special random""",
    "autograd_core.compile": """program capture guards reach signature checks memory layouts rewrite derivative lower views
        spread arithmetic products series simplify rows tiles plan numbers statements fuse source jit
        blas native convolve lanes emit run entry results compiled""",
    "autograd_core.testing": """report declared samples draws programs moves strategies differences structures functions
        complex_step promises layouts directions comparison gradcheck""",
    "autograd_core.testing.samples": """elementwise comparison steps special shape join windows pad reduce product softmax
        statistics select index update sort segment linalg norm spectral equal isotropic contract fft conv pool random""",
    "autograd_core.viz": """listing fold record rules text scene style layers order place layout clusters modules facts saved
        from_node backward_graph from_program svg dot mermaid steps html backends drawing command""",
    "nn": """errors indices seeding files progress pictures history guard recipe hooks module weights nonlinear
        piecewise init activation linear images padding container mlp conv pool unpool standardise norm
        upsample grids dropout filters unet cells sequences recurrent embedding bags features attention
        multihead graph graph_blocks normaliser mesh_graph_net bayes reduction loss classification alignment
        margin penalty gumbel functional optim schedule clip averaging utils data architecture packing io
        summary metrics callbacks interrupts snapshot steps train devices views dialect vocabulary extremes
        rearranging matrices origins derivatives archive surroundings naming compat command studies""",
    "nn.utils": "rnn",
    "nn.optim": """group optimizer stopping closure elementwise sgd adam nadam adagrad rprop line_search lbfgs lbfgsb
        levenberg perceptron scheduler decay cycle plateau sequence lr_scheduler""",
    "nn.data": "dataset joined samplers splits loader scaling images augment",
    "nn.studies": "digits capacity filters mesh regularise sequence",
    "physics": """notices draws misuse patches geometry domain shapes polygon cloud combine sampling refinement
        places taylor stacked joint fields conditions boundary embedding coefficients terms trial solution corners
        hard history evaluation stage training pinn balance weighting pointwise sobolev baseline hamiltonian
        lagrangian tableaux stages integrate systems operators constitutive fatigue datasets exact metrics
        pictures portraits studies""",
    "physics.studies": """dynamics equations burgers discovery spectral heat wave poisson bar extrapolate sn_curve
        burgers_inverse kdv_inverse lorenz_inverse schrodinger conserving spring pendulum two_body
        mass_spring double_pendulum sobolev sine""",
}
FILE_LINES = 350
FUNCTION_LINES = 45
FORBIDDEN_TEXT = (*(f"/{folder}/" for folder in ("home", "root", "tmp", "work")), "TODO", "FIXME")

parse = lru_cache(maxsize=None)(ast.parse)
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Import(NamedTuple):
    """What one import binds: `from a.b import c as d` binds d to the name c of the module a.b."""

    module: str
    name: str
    alias: str
    line: int
    for_types: bool


# Reading imports


def imports(path: Path, text: str) -> Iterator[Import]:
    """Every import of a text, wherever it stands; relative ones are made absolute."""
    tree = parse(text)
    guarded = [node for node in ast.walk(tree) if isinstance(node, ast.If) and _last(node.test) == "TYPE_CHECKING"]
    for_types = {id(inner) for node in guarded for statement in node.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        place = (getattr(node, "lineno", 0), id(node) in for_types)
        if isinstance(node, ast.Import):
            for each in node.names:
                yield Import(each.name, "", each.asname or each.name.partition(".")[0], *place)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(path, "." * node.level + (node.module or ""))
            for each in node.names:
                yield Import(module, each.name, each.asname or each.name, *place)
        elif isinstance(node, ast.Call) and (module := _imported(node)):
            yield Import(_absolute(path, module), "", "", *place)


def _imported(call: ast.Call) -> str:
    """The module of `import_module("a.b")` and `__import__("a.b")`."""
    named = _last(call.func) in ("import_module", "__import__")
    literal = bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    return call.args[0].value if named and literal else ""


def _absolute(path: Path, module: str) -> str:
    name = module.lstrip(".")
    level = len(module) - len(name)
    folder = path.parts[: len(path.parts) - level] if level else ()
    return ".".join((*folder, name) if name else folder)


def _runs(imported: Import) -> str:
    """The module that an import runs: `from .ops import shape` runs ops/shape.py where there is one."""
    inner = f"{imported.module}.{imported.name}"
    return inner if imported.name and _is_module(inner) else imported.module


def _is_module(name: str) -> bool:
    folder, _, last = name.rpartition(".")
    path = ROOT.joinpath(*name.split("."))
    return last in ORDER.get(folder, "").split() or path.is_dir() or path.with_suffix(".py").is_file()


# The checks


def upward_imports(path: Path, text: str) -> list[str]:
    """Imports of a module that does not stand before the importing one."""
    here = list(path.with_suffix("").parts)
    found = {(each.line, _runs(each)) for each in imports(path, text) if not each.for_types}
    wrong = sorted((line, there) for line, there in found if not _is_before(there.split("."), here))
    return [f"{path}:{line}: {there} does not stand before {'.'.join(here)}" for line, there in wrong]


def _is_before(there: list[str], here: list[str]) -> bool:
    if there[0] not in PACKAGES:
        return there[0] not in ("tests", "benchmarks")
    if there[0] != here[0]:
        return PACKAGES.index(there[0]) < PACKAGES.index(here[0])
    shared = 0
    while shared < min(len(there), len(here)) and there[shared] == here[shared]:
        shared += 1
    if here[shared:] in (["__init__"], ["__main__"]):
        return True
    if shared == len(there) or shared == len(here):  # a folder it stands in, whose `__init__` imports it; or itself
        return False
    order = ORDER.get(".".join(here[:shared]), "").split()
    return {there[shared], here[shared]} <= {*order} and order.index(there[shared]) < order.index(here[shared])


def unlisted_module(path: Path, text: str) -> list[str]:
    """Modules and folders without a place in ORDER."""
    parts = [part for part in path.with_suffix("").parts if part not in ("__init__", "__main__")]
    places = [(parts[i], ".".join(parts[:i])) for i in range(1, len(parts))]
    unlisted = [(name, at) for name, at in places if name not in ORDER.get(at, "").split()]
    return [f"{path}: {name} has no place in the order of {at}" for name, at in unlisted]


def private_names(path: Path, text: str) -> list[str]:
    """Names of another package that it does not promise: the engine's public names are those of its `__all__`."""
    faults, engines = [], set()
    for each in imports(path, text):
        package, *inner = each.module.split(".")
        names = [*inner, each.name] if each.name else inner
        if package not in PACKAGES or package == path.parts[0]:
            continue
        unknown = package == "autograd_core" and names and names[0] not in public_names()
        if unknown or any(name == "*" or name.startswith("_") for name in names):
            faults.append(f"{path}:{each.line}: {'.'.join([package, *names])} is not public")
        if package == "autograd_core" and not each.name and each.alias and (not inner or each.alias == package):
            engines.add(each.alias)
    for node in ast.walk(parse(text)):
        if isinstance(node, ast.Attribute) and _name(node.value) in engines and node.attr not in public_names():
            faults.append(f"{path}:{node.lineno}: autograd_core.{node.attr} is not public")
    return faults


@lru_cache
def public_names() -> frozenset[str]:
    """What `autograd_core/__init__.py` lists in `__all__`, read without importing it."""
    for node in parse((ROOT / "autograd_core/__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and _name(node.targets[0]) == "__all__":
            return frozenset(ast.literal_eval(node.value))
    raise AssertionError("autograd_core/__init__.py has no __all__ that is one list of names")


def raw_arrays(path: Path, text: str) -> list[str]:
    """Uses of a Tensor's raw array: the attribute `array`, unless it is NumPy's function of that name."""
    numpy = {each.alias for each in imports(path, text) if each.module == "numpy" and not each.name}
    return [f"{path}:{node.lineno}: a raw array" for node in ast.walk(parse(text)) if _is_raw_array(node, numpy)]


def _is_raw_array(node: ast.AST, numpy: set[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "array" and _name(node.value) not in numpy
    asked = node.args[1:2] if isinstance(node, ast.Call) and _name(node.func) == "getattr" else []
    return [ast.unparse(name) for name in asked] == ["'array'"]


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else _name(node)


def too_long(path: Path, text: str) -> list[str]:
    """Files and functions above the budget."""
    lines = text.splitlines()
    faults = [f"{path}: {len(lines)} lines, the budget is {FILE_LINES}"] if len(lines) > FILE_LINES else []
    for node in ast.walk(parse(text)):
        if isinstance(node, Function) and (length := _code_lines(node, lines)) > FUNCTION_LINES:
            faults.append(f"{path}:{node.lineno}: {node.name} has {length} lines, the budget is {FUNCTION_LINES}")
    return faults


def _code_lines(function: Function, lines: list[str]) -> int:
    """The lines of a function without the blank ones, the comments and the docstrings."""
    inner = (node for node in ast.walk(function) if isinstance(node, Function | ast.ClassDef))
    docstrings = [node.body[0] for node in inner if ast.get_docstring(node) is not None]
    documented = {line for node in docstrings for line in range(node.lineno, node.end_lineno + 1)}
    numbers = set(range(function.lineno, function.end_lineno + 1)) - documented
    return sum(1 for number in numbers if lines[number - 1].strip() and lines[number - 1].strip()[0] != "#")


def underscores_read(path: Path, text: str) -> list[str]:
    """Arguments that say by an underscore that they are not read, and are: what they stand for is not saved."""
    faults = []
    for node in ast.walk(parse(text)):
        if isinstance(node, Function | ast.Lambda):
            named = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg) and each.arg[0] == "_"}
            body = node.body if isinstance(node.body, list) else [node.body]
            names = (each for part in body for each in ast.walk(part) if isinstance(each, ast.Name) and each.id in named)
            faults += [f"{path}:{name.lineno}: {name.id} is read" for name in names]
    return faults


def forbidden_text(path: Path, text: str) -> list[str]:
    """Paths of one machine, and promises of later work."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{path}:{n}: {each!r} in the text" for n, line in lines for each in FORBIDDEN_TEXT if each in line]


# The packages as they are

Check = Callable[[Path, str], list[str]]
HELD = {
    unlisted_module: PACKAGES,
    upward_imports: PACKAGES,
    too_long: PACKAGES,
    forbidden_text: PACKAGES,
    underscores_read: PACKAGES[:1],
    private_names: PACKAGES[1:],
    raw_arrays: PACKAGES[1:],
}


@pytest.mark.parametrize("check, package", [(check, each) for check, packages in HELD.items() for each in packages])
def test_a_package_is_free_of(check, package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    faults = [fault for file in files for fault in check(file.relative_to(ROOT), file.read_text(encoding="utf-8"))]
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed(package):
    assert (ROOT / package / "py.typed").is_file()


def test_all_is_what_a_user_wants():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert extras["all"] == ["autograd-core[plot,viz,io,jit,studies]"]
    assert set(extras) == {"plot", "viz", "io", "jit", "studies", "mkl", "all", "test", "bench"}


# What an import needs and costs

FRESH = """
import json, sys
packages, blocked = (argument.split() for argument in sys.argv[1:])
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Block())
import numpy
before = set(sys.modules)
for package in packages:
    __import__(package)
print(json.dumps(sorted(set(sys.modules) - before)))
"""
EXTRAS = "matplotlib tqdm pygraphviz safetensors numba sklearn hypothesis pytest torch jax autograd IPython"
HEAVY = {"asyncio", "concurrent", "doctest", "email", "http", "multiprocessing", "ssl", "unittest", "xml"}


def modules_of(packages: str, blocked: str) -> list[str]:
    """The modules that packages add to those of NumPy, in a fresh process where the blocked ones cannot be imported."""
    command = [sys.executable, "-c", FRESH, packages, blocked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_engine_needs_numpy_alone():
    assert "autograd_core.tensor" in modules_of("autograd_core", blocked=f"scipy graphviz {EXTRAS}")


def test_the_packages_above_need_no_extra():
    assert {"nn", "physics"} <= {*modules_of("nn physics", blocked=EXTRAS)}


def test_importing_the_engine_is_cheap():
    modules = modules_of("autograd_core", blocked="")
    assert not {"urllib.request", "urllib.error"} & {*modules}  # urllib.parse comes with pathlib
    added = {name.partition(".")[0] for name in modules} - {"autograd_core", "numpy"}
    assert added <= sys.stdlib_module_names
    assert not added & HEAVY
    assert len(added) <= 25, sorted(added)


def test_a_blocked_module_cannot_be_imported():
    with pytest.raises(AssertionError, match="decimal is blocked"):
        modules_of("decimal", blocked="decimal")


# The checks refuse what they should, once each, and nothing else

LAZY = "def f():\n    import autograd_core.tensor", "importlib.import_module('autograd_core.tensor')"
TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from autograd_core.tensor import Tensor"
LONGEST = "def f():\n    '''Two\n    lines.'''\n    # why\n\n" + "    x = 1\n" * (FUNCTION_LINES - 1)
WRONG = [
    (upward_imports, "autograd_core/graph.py", ["from .tensor import Tensor", "from . import tensor", *LAZY]),
    (upward_imports, "autograd_core/graph.py", ["import autograd_core as ac", "from . import Tensor", "import nn"]),
    (upward_imports, "autograd_core/graph.py", ["from .graph import Node", "from .unheard import x", "import tests"]),
    (upward_imports, "autograd_core/unheard.py", ["from .errors import X", "__import__('autograd_core.trees')"]),
    (upward_imports, "autograd_core/primitive.py", ["from .ops import add", "from .ops.shape import Reshape"]),
    (upward_imports, "autograd_core/ops/shape.py", ["from .reduce import Sum", "from . import reduce"]),
    (upward_imports, "autograd_core/ops/shape.py", ["from ..methods import x", "from .. import ops"]),
    (upward_imports, "autograd_core/ops/__init__.py", ["from ..methods import x", "from autograd_core import Tensor"]),
    (upward_imports, "nn/optim/sgd.py", ["import physics", "from ..train import Trainer", "from .adam import Adam"]),
    (unlisted_module, "nn/optim/unheard/__init__.py", [""]),
    (private_names, "nn/linear.py", ["from autograd_core import apply", "from autograd_core import *", TYPES]),
    (private_names, "nn/linear.py", ["from autograd_core.graph import Node", "from autograd_core.errors import _x"]),
    (private_names, "nn/linear.py", ["import autograd_core as ac\nac.graph.Node", "import autograd_core.graph"]),
    (private_names, "nn/linear.py", ["def f():\n    import autograd_core.errors\n    return autograd_core.apply"]),
    (private_names, "physics/pinn.py", ["from nn.module import _x"]),
    (raw_arrays, "nn/linear.py", ["x.array", "f(x).array += 1", "getattr(x, 'array')", "np.array"]),
    (too_long, "nn/linear.py", [LONGEST + "    y = 1", "x = 1\n" * FILE_LINES + "y = 1"]),
    (forbidden_text, "nn/linear.py", [f"x = 1\n# see {each}" for each in FORBIDDEN_TEXT]),
    (underscores_read, "autograd_core/ops/shape.py", ["f = lambda _y, x: _y * x", "def f(_x, y):\n    return [_x]"]),
]
RIGHT = [
    (upward_imports, "autograd_core/graph.py", ["from .errors import ShapeError", "import numpy", TYPES]),
    (upward_imports, "autograd_core/methods.py", ["from .ops import add", "from . import ops"]),
    (upward_imports, "autograd_core/ops/shape.py", ["from .elementwise import add", "from ..primitive import apply"]),
    (upward_imports, "autograd_core/ops/__init__.py", ["from . import shape", "from .shape import reshape"]),
    (upward_imports, "autograd_core/__init__.py", ["from .testing import gradcheck", "from . import viz"]),
    (upward_imports, "nn/optim/sgd.py", ["from .optimizer import Optimizer", "import autograd_core as ac"]),
    (upward_imports, "physics/__main__.py", ["from .studies import burgers", "import nn"]),
    (unlisted_module, "nn/optim/__init__.py", [""]),
    (private_names, "nn/linear.py", ["import autograd_core as ac\nac.exp(ac.linalg.solve)"]),
    (private_names, "nn/linear.py", ["from autograd_core import Tensor, linalg", "from .module import _x"]),
    (raw_arrays, "nn/linear.py", ["import numpy as np\nnp.array([1])", "array = 1", "getattr(x, 'data')"]),
    (too_long, "nn/linear.py", [LONGEST, "x = 1\n" * FILE_LINES]),
    (forbidden_text, "nn/linear.py", ["x = 1  # as in the paper"]),
    (underscores_read, "autograd_core/ops/shape.py", ["f = lambda _y, x: x * _z", "def f(*_):\n    return 0.0"]),
]


def cases(table: list[tuple[Check, str, list[str]]]) -> list[tuple[Check, Path, str]]:
    return [(check, Path(path), text) for check, path, texts in table for text in texts]


@pytest.fixture
def promised(monkeypatch):
    monkeypatch.setitem(globals(), "public_names", lambda: {"Tensor", "errors", "exp", "linalg"})


@pytest.mark.parametrize("check, path, text", cases(WRONG))
def test_a_wrong_text_is_refused(check, path, text, promised):
    assert len(check(path, text)) == 1


@pytest.mark.parametrize("check, path, text", cases(RIGHT))
def test_a_right_text_passes(check, path, text, promised):
    assert check(path, text) == []
