"""What each public function of the engine is made of, and what of it is checked, as the samples of the declarations show.

The samples run while a profile tells which public functions are active: what each of them runs through, the dtypes that it is
given, and whether what it returns has a gradient. `CALLS` are calls of the functions that no sample uses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

import autograd_core as ac
from autograd_core.graph import Recorder, recording
from autograd_core.testing import samples  # noqa: F401 (fills `declarations`)
from autograd_core.testing.declared import declarations

SPACES = ("linalg", "fft", "special", "random")
FIRST, SECOND, THIRD = np.array([[2.0, 0.3, -0.4], [0.1, 1.5, 0.6], [-0.7, 0.2, 1.1]]), np.array([0.4, 1.3, 0.9]), 0.7
INPUTS = {"A": FIRST, "V": SECOND, "x": THIRD}
DTYPES = ("bool", "int64", "float64", "complex128")
CALLS = {  # arguments, and the functions that are called with them
    "A": """ascontiguousarray matrix_transpose trace tril triu nanmean nanmedian nansum nanstd nanvar median ptp argwhere
        atleast_1d atleast_2d atleast_3d copy linalg.cond linalg.diagonal linalg.matrix_norm linalg.trace fft.fft2 fft.irfft2
        fft.fftshift fft.ifftshift average linalg.matrix_rank""",
    "V": """diag diagflat ediff1d i0 modf frexp nanargmin poly polyder polyint roots sort_complex trapezoid trim_zeros unique
        vander special.exprel special.i0e special.i1 special.i1e special.j0 special.j1 special.k0 special.k1 special.y0
        special.y1 unique_all unique_counts unique_inverse unique_values stop_gradient real_if_close meshgrid""",
    "V, V": "append isin outer polyadd polymul polysub union1d intersect1d setdiff1d setxor1d vecdot histogram2d",
    "V, x": "float_power full_like divmod percentile nanquantile polyval",
    "2, x": "full fft.fftfreq fft.rfftfreq",
    "5, x": "kaiser",
    "x, 3.0, 5": "geomspace linspace logspace",
    "(lambda k: lambda i: i * k)(x), (3,)": "fromfunction",
    "V, A[0]": "linalg.cross polydiv",
    "V, A[0], 1": "polyfit",
    "A, V": "dot kron matvec linalg.tensorsolve",
    "V, A": "vecmat",
    "A, A": "linalg.block_diag",
    "[V, V]": "column_stack dstack vstack block",
    "[A, V]": "linalg.multi_dot",
    "V, [0, 0, 1], 2": "segment_mean segment_prod segment_std segment_var",
    "V, [2, 0]": "gather delete",
    "V, 1": "argpartition expand_dims partition repeat",
    "[0, 1, 0], [V, A[0]]": "choose",
    "V, [0.0, 1.0, 2.0], A[0]": "interp",
    "V, 3": "hsplit",
    "A[None], 3": "dsplit",
    "A, 3": "linalg.matrix_power",
    "A, 1": "linalg.tensorinv",
    "V, 5": "resize",
    "1, V": "special.ive",
    "[0, 1, 1], V": "bincount",
    "[[0.1, 0.2], [0.3, 0.4]]": "histogramdd",
    "[True, False, True], V": "extract",
    "V, [V > 1.0], [ac.sin, ac.cos]": "piecewise",
    "ac.sum, 0, A": "apply_along_axis",
    "ac.sum, A, [0]": "apply_over_axes",
    "V, 0.1": "random.normal",
    "x, V": "random.uniform",
    "V + 1.0": "random.exponential",
    "0.3": "random.bernoulli",
    "9": "random.integers random.permutation random.choice",
}


@dataclass
class Use:
    """What is known about a public function, under all its names."""

    names: list[str]
    module: str
    used: bool = False
    parts: set[str] = field(default_factory=set)
    dtypes: set[str] = field(default_factory=set)
    order: int = 0
    derived: bool = False
    reads: bool = False


def public() -> dict[Any, Use]:
    """The public functions by what runs when they are called: their code, and what it is closed over."""
    found: dict[Any, Use] = {}
    spaces = [("", ac, ac.__all__), *((f"{name}.", getattr(ac, name), getattr(ac, name).__all__) for name in SPACES)]
    for prefix, space, names in spaces:
        for name in names:
            f = getattr(space, name)
            f = getattr(f, "__func__", f)
            if hasattr(f, "__code__"):
                key = (f.__code__, tuple(id(cell.cell_contents) for cell in f.__closure__ or ()))
                found.setdefault(key, Use([], f.__module__)).names.append(prefix + name)
    return found


class Notes(Recorder):
    """Tells the uses that are active of each op that runs, and of values that Python reads."""

    def __init__(self, active: list[Use | None], on: bool = True) -> None:
        self.active, self.on = active, on

    def switched(self, on: bool) -> Notes:
        return Notes(self.active, on)

    def note(self, op: Any, xs: tuple, y: Any) -> None:
        for use in filter(None, self.active):
            use.parts.add(op.name)

    def read(self, x: Any, how: str) -> None:
        for use in filter(None, self.active):
            use.reads = True


class Watch:
    """Notes what the public functions do within calls."""

    def __init__(self) -> None:
        self.functions = public()
        self.codes = {code for code, _ in self.functions}
        self.active: list[Use | None] = []
        self.order = 0

    def run(self, f: Callable, args: Iterable[Any], order: int) -> None:
        """Call f, whose derivatives are checked to this order."""
        self.active, self.order = [], order
        token = recording.set(Notes(self.active))
        sys.setprofile(self.profile)
        try:
            f(*args)
        finally:
            sys.setprofile(None)
            recording.reset(token)

    def profile(self, frame: FrameType, event: str, arg: Any) -> None:
        code = frame.f_code
        if code not in self.codes or event not in ("call", "return"):
            return
        if event == "return":
            use = self.active.pop() if self.active else None
            if use is not None and any(x.requires_grad for x in tensors(arg)):
                use.derived, use.order = True, max(use.order, self.order)
            return
        given = frame.f_locals
        use = self.functions.get((code, tuple(id(given.get(name)) for name in code.co_freevars)))
        self.active.append(use)
        if use is not None:
            use.used = True
            arrays = tensors([x for name, x in given.items() if name not in code.co_freevars], np.ndarray, np.generic)
            use.dtypes |= {x.dtype.name for x in arrays} & {*DTYPES}


def tensors(value: Any, *kinds: type) -> Iterator[Any]:
    """The Tensors in a value, and what is of the other kinds."""
    if isinstance(value, (ac.Tensor, *kinds)):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from tensors(each, *kinds)


def argument(x: Any) -> Any:
    """An input of a sample as a Tensor, with a gradient where it is floating."""
    if not isinstance(x, np.ndarray | np.generic | float | complex):
        return x
    return ac.tensor(x, requires_grad=np.asarray(x).dtype.kind in "fc")


def calls() -> Iterator[tuple[str, Callable, tuple]]:
    """The functions of CALLS by name, each as a function of the inputs that it uses, and these."""
    for arguments, names in CALLS.items():
        for name in names.split():
            space, _, last = name.rpartition(".")
            owner = "ac.random.Generator(0)" if space == "random" else f"ac.{space}" if space else "ac"
            program = compile(f"{owner}.{last}({arguments})", name, "eval")
            used = [each for each in INPUTS if each in program.co_names]
            call = lambda *xs, program=program, used=used: eval(program, {"ac": ac, **dict(zip(used, xs, strict=True))})
            yield name, call, tuple(INPUTS[each] for each in used)


def uses() -> list[Use]:
    """All public functions, as the samples and CALLS show them."""
    watch = Watch()
    with np.errstate(all="ignore"):
        for declared in declarations.values():
            for sample in declared.samples:
                watch.run(sample.f, map(argument, sample.inputs), sample.order)
        for _name, call, inputs in calls():
            watch.run(call, map(argument, inputs), 2)
    return list(watch.functions.values())
