"""Why a minimization stopped, in a code for programs and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StopCode(StrEnum):
    """The ways in which a minimization ends; each equals its lower-case name, such as "gradient"."""

    GRADIENT = "gradient"  # the gradient is within its tolerance
    SLOPE = "slope"  # so little decrease is promised along the direction that it is within tolerance
    STEP = "step"  # the parameters change by less than the tolerance
    LOSS = "loss"  # the loss changes by less than the tolerance
    MAX_ITER = "max_iter"
    MAX_EVAL = "max_eval"
    LINE_SEARCH = "line_search"  # no step along the direction makes the loss smaller
    NON_FINITE = "non_finite"  # NaN or infinity wherever it was tried
    CALLBACK = "callback"  # the callback raised StopIteration
    INTERRUPTED = "interrupted"  # Ctrl-C or another exception
    SEPARATED = "separated"  # every example is classified right


CONVERGED = {StopCode.GRADIENT, StopCode.SLOPE, StopCode.STEP, StopCode.LOSS, StopCode.SEPARATED}


@dataclass(frozen=True)
class StopReason:
    """Why one call of `step(closure)` stopped, with the figures: `print` it to read the sentence.

    `iterations` and `evaluations` count those of this call, `loss` is the last one accepted. `value` is the figure
    that met the limit or tolerance `limit`; both are None where no figure decided.
    """

    code: StopCode
    text: str
    loss: float
    iterations: int
    evaluations: int
    value: float | None = None
    limit: float | None = None

    @property
    def converged(self) -> bool:
        """Whether a tolerance was met, rather than a limit or an obstacle."""
        return self.code in CONVERGED

    def __str__(self) -> str:
        counts = f"iterations: {self.iterations}, evaluations: {self.evaluations}, loss: {self.loss:.6g}"
        return f"{self.code}: {self.text} ({counts})"
