"""The backward pass of a drawing: the same boxes with the arrows turned round, and the link from each to its derivative."""

from __future__ import annotations

from dataclasses import replace

from .scene import Box, Edge, Scene

SHOWS = ("forward", "backward", "both")


def backward(scene: Scene, show: str) -> Scene:
    """The gradients that a reverse sweep brings, from the seed of each output to the leaves: alone, or below the forward pass.

    Each operation has its rule, which takes the gradient of its result to those of its operands; where several arrive, they
    are added.
    """
    turned = [_turned(box) for box in scene.nodes if box.kind not in ("saved", "failed")]
    edges = [
        Edge(f"d{edge.target}", f"d{edge.source}", None, edge.count, "gradient") for edge in scene.edges if edge.kind == "value"
    ]
    if show == "backward":
        modules = tuple(scene.modules)
        return replace(scene, nodes=tuple(turned), edges=tuple(edges), groups=modules)
    forward = tuple(box for box in scene.nodes)
    links = [Edge(box.id, f"d{box.id}", kind="link") for box in scene.nodes if box.kind in ("op", "folded", "output")]
    turned = [replace(box, module=None) for box in turned]
    return replace(scene, nodes=(*forward, *turned), edges=(*scene.edges, *edges, *links))


def _turned(box: Box) -> Box:
    facts = dict(box.facts)
    gradient = ((f"∇ = {facts['gradient']}"),) if "gradient" in facts else ()
    shape = box.details[-1:]
    about = tuple(fact for fact in box.facts if fact[0] in ("gradient", "rule"))
    if box.kind in ("leaf", "leaves", "input"):
        return Box(f"d{box.id}", "gradient", f"∇ {box.label}", (*shape, *gradient), f"the gradient of {box.label}", facts=about)
    if box.kind == "output":
        return Box(f"d{box.id}", "gradient", f"seed of {box.label}", ("1",), f"the gradient of {box.label} itself: 1")
    rules = tuple(text for name, text in about if name == "rule")
    details = tuple(line if len(line) <= 40 else line[:39] + "…" for line in rules[:2])
    return replace(
        box, id=f"d{box.id}", kind="backward", label=f"∂ {box.label}", details=(*details, *gradient), group=None, facts=about
    )
