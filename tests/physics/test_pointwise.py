"""Weightings with a weight for each point or each slice of time: by hand, and what all weightings refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_core as ac
import nn
import physics
from physics.fields import State
from physics.pointwise import CausalWeights, SelfAdaptiveWeights
from physics.weighting import FixedWeights, GradientNormWeights, ReLoBRaLo

NAMES = ["residual", "end"]


def line(t):
    return State(lambda X: X, np.array(t)[:, None], ("t",), ("u",))


def test_self_adaptive_weights_by_hand():
    weighting = SelfAdaptiveWeights({"residual": 2}, rate=0.5, start=1.0)
    s, r = line([0.0, 1.0]), ac.tensor([1.0, 3.0])
    assert weighting.term("residual", r, s).item() == 5.0
    assert weighting.term("initial", r, s).item() == 5.0
    weighting.observe({"residual": r})
    assert weighting.point_weights("residual").numpy().tolist() == [1.5, 5.5]  # 1 + 0.5·2·1·r²/2
    assert weighting.term("residual", r, s).item() == (1.5**2 + 5.5**2 * 9) / 2
    weighting.observe({"residual": r})
    assert weighting.point_weights("residual").numpy().tolist() == [1.5 + 0.75, 5.5 + 0.25 * 2 * 5.5 * 9]


def test_and_they_go_up_the_gradient_of_their_term():
    weighting = SelfAdaptiveWeights({"residual": 3}, power=3.0, rate=0.1, start=0.7)
    s, r = line([0.0, 0.5, 1.0]), ac.tensor([1.0, -2.0, 0.5])
    weights = ac.tensor(np.full(3, 0.7), requires_grad=True)
    vars(weighting)["points0"] = weights
    weighting.term("residual", r, s).backward()
    vars(weighting)["points0"] = ac.tensor(np.full(3, 0.7))
    weighting.observe({"residual": r})
    assert weighting.point_weights("residual").numpy() == pytest.approx(0.7 + 0.1 * weights.grad.numpy())


def test_they_belong_to_their_points():
    with pytest.raises(ac.errors.ShapeError, match="'residual' has 2 points but 3 weights.*without batch="):
        SelfAdaptiveWeights({"residual": 3}).term("residual", ac.ones(2), line([0.0, 1.0]))
    with pytest.raises(ValueError, match="rate=0.0; it must be a positive number"):
        SelfAdaptiveWeights({"residual": 3}, rate=0.0)


def test_causal_weights_by_hand():
    weighting = CausalWeights(0.0, 4.0, segments=4, epsilons=(0.5, 2.0), delta=0.9)
    s = line([0.0, 0.5, 1.5, 4.0])  # two points in the first slice, none in the third, the end in the last
    r = ac.tensor([1.0, 2.0, 3.0, 1.0], requires_grad=True)
    losses, counts = weighting.slices("residual", r, s)
    assert (losses.numpy().tolist(), counts.numpy().tolist()) == ([2.5, 9.0, 0.0, 1.0], [2.0, 1.0, 0.0, 1.0])
    w = [1.0, math.exp(-0.5 * 2.5), math.exp(-0.5 * 11.5), math.exp(-0.5 * 11.5)]
    assert weighting.causal(losses).numpy() == pytest.approx(w)
    term = weighting.term("residual", r, s)
    assert term.item() == pytest.approx((2.5 + 9 * w[1] + w[3]) / 3)
    term.backward()
    assert r.grad.numpy() == pytest.approx([1 / 3, 2 / 3, 2 * w[1], 2 * w[3] / 3])  # the weights have no gradient
    assert weighting.term("initial", r, s).item() == 3.75


def test_causal_weights_grow_stricter():
    weighting = CausalWeights(0.0, 1.0, segments=2, epsilons=(0.5, 2.0), delta=0.9)
    weighting.observe([[1.0, 0.0]])
    assert weighting.epsilon.item() == 0.5
    for _ in range(2):
        weighting.observe([[0.01, 5.0]])
        assert weighting.epsilon.item() == 2.0
    space = State(lambda X: X, [[0.0]], ("x",), ("u",))
    with pytest.raises(ValueError, match="no time among its coordinates x"):
        weighting.term("residual", ac.ones(1), space)
    with pytest.raises(ValueError, match="nothing to weight"):
        CausalWeights(1.0, 1.0)


# What is refused, and what spoils nothing


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: FixedWeights(NAMES), TypeError, r"no number for each term. Write FixedWeights\(\{'residual': 100\}\)"),
        (lambda: SelfAdaptiveWeights(NAMES), TypeError, r"Write SelfAdaptiveWeights\(\{'residual': 1000\}\)"),
        (lambda: SelfAdaptiveWeights({"residual": 3.5}), TypeError, r"sizes\['residual'\]=3.5; it must be a whole number"),
        (lambda: SelfAdaptiveWeights({"residual": 0}), ValueError, r"sizes\['residual'\]=0; it must be at least 1"),
        (lambda: SelfAdaptiveWeights({"residual": 3}, power=np.inf), ValueError, "power=inf; it must be a positive number"),
        (lambda: GradientNormWeights(NAMES, every=np.nan), TypeError, "every=nan; it must be a whole number"),
        (lambda: GradientNormWeights(NAMES, eps=-1.0), ValueError, "eps=-1.0; it must be a finite number, 0 or more"),
        (lambda: ReLoBRaLo(NAMES, eps=np.nan), ValueError, "eps=nan; it must be a finite number, 0 or more"),
        (lambda: ReLoBRaLo(NAMES).observe({"residual": 1.0}), ValueError, r"needed is one for each of \['residual', 'end'\]"),
        (lambda: CausalWeights(0.0, np.inf), ValueError, "slices from 0.0 to inf.*nothing to weight"),
        (lambda: CausalWeights(0.0, 1.0, segments=3.5), TypeError, "segments=3.5; it must be a whole number"),
        (lambda: CausalWeights(0.0, 1.0, epsilons=-1.0), ValueError, "an epsilon=-1.0; it must be a finite number"),
    ],
)
def test_what_makes_no_sense_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_one_epsilon_may_be_a_number_or_an_array():
    assert CausalWeights(0.0, 1.0, epsilons=3).epsilons == CausalWeights(0.0, 1.0, epsilons=np.array([3.0])).epsilons == (3.0,)


@pytest.mark.parametrize(
    "weighting",
    [
        lambda: ReLoBRaLo(NAMES),
        lambda: GradientNormWeights(NAMES, every=1),
        lambda: SelfAdaptiveWeights({"end": 1}),
    ],
    ids=["relobralo", "gradient norm", "self-adaptive"],
)
@pytest.mark.parametrize("compile", [False, True])
def test_a_term_that_breaks_leaves_the_weights_as_they_were(weighting, compile):
    """The term itself is named, and once its problem is put back to the best state the training can go on."""
    end = physics.OperatorBC(lambda s: ac.sqrt(0.3 - s.u), "x = 1", name="end")
    domain, network = physics.Interval("x", 0, 1), nn.MLP([1, 8, 1], "tanh", generator=0)
    weighs = weighting()
    pinn = physics.PINN(network, domain, ["u"], lambda s: s.u_x - 3.0, [end], physics.Collocation(20), weighting=weighs)
    with pytest.raises(ac.errors.NonFiniteError, match="the loss term 'end' became nan"):
        pinn.fit(physics.Stage(nn.optim.Adam, steps=200, lr=3e-2), progress=False, compile=compile)
    assert all(np.isfinite(each.numpy()).all() for each in weighs.buffers())
    assert np.isfinite(pinn.fit(physics.Stage(nn.optim.Adam, steps=2, lr=1e-4), progress=False).loss)
