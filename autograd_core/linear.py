"""Linear: what ops share that have one input, are linear in it, and read no values in their rules. Runs unrolled."""

from __future__ import annotations

from typing import Any

from numpy import asarray, ndarray

from .graph import Node, next_serial, recording
from .primitive import Primitive, Spec, diagnose, new_node
from .tensor import Tensor, new_tensor, share

recording_now = recording.get


class Linear(Primitive):
    """A linear op of one input, such as a sum or a change of shape: its tangent goes through the op itself."""

    holds = False

    def __call__(self, x: Any) -> Any:  # `apply`, unrolled: recording must stay cheap
        if not isinstance(x, Tensor):
            return self.forward(x)
        xa = x.array
        try:
            ya = self.forward(xa)
        except Exception as error:
            raise diagnose(self, error, [xa])  # noqa: B904 (sets the cause)
        if type(ya) is not ndarray:
            ya = asarray(ya)
        y = new_tensor(Tensor)
        y.array = ya
        p, mode = x.node, recording_now()
        if p is not None and mode:
            y.node = n = new_node(Node)
            n.op, n.parents, n.serial = self, (p,), next_serial()
            n.shape, n.dtype = ya.shape, ya.dtype
            n.saved = (None, Spec(xa.shape, xa.dtype))
            n.versions = n.hooks = None
            n.owner = p.owner if self.views else None
        else:
            y.node = None
            if self.views:
                share(x, y)
        if mode is not True and mode is not False:
            mode.note(self, (x,), y)
        return y

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return self(t)
