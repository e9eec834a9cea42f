"""Weightings: each formula on traces worked out by hand, and each in a training."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_core as ac
import nn
import physics
from physics.pointwise import CausalWeights, SelfAdaptiveWeights
from physics.weighting import FixedWeights, GradientNormWeights, ReLoBRaLo, UncertaintyWeights, Weighting

NAMES = ("residual", "initial")


def decay(weighting=None, n=20):
    """u' = -u from u(0) = 1."""
    return physics.PINN(
        nn.MLP([1, 6, 1], generator=0),
        physics.TimeInterval("t", 0, 1),
        ["u"],
        lambda s: s.u_t + s.u,
        [physics.InitialCondition(1.0)],
        physics.Collocation(interior=n),
        weighting=weighting,
    )


def raw(a, b):
    return {"residual": ac.tensor(a), "initial": ac.tensor(b)}


def numbers(terms):
    return [term.item() for term in terms.values()]


# Fixed and learned


def test_fixed_weights_multiply():
    weighting = FixedWeights({"residual": 2.0, "initial": 100.0})
    assert numbers(weighting(raw(0.5, 0.25))) == [1.0, 25.0]
    weighting.update(decay())
    assert weighting.weights() == {"residual": 2.0, "initial": 100.0}
    assert numbers(weighting({"initial": ac.tensor(1.0)})) == [100.0]


def test_what_has_no_weight_is_refused():
    with pytest.raises(ValueError, match="no weight for the term 'data'; there are those of 'residual'"):
        FixedWeights({"residual": 1.0})({"data": ac.tensor(1.0)})
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="finite number, 0 or more"):
            FixedWeights({"residual": bad})
    with pytest.raises(ValueError, match="give each term once"):
        Weighting(["a", "a"])
    with pytest.raises(ValueError, match="at least one"):
        Weighting([])
    with pytest.raises(ValueError, match="every=0"):
        GradientNormWeights(NAMES, every=0)


def test_uncertainty_is_kendalls_formula():
    weighting = UncertaintyWeights(NAMES)
    weighting.log_variances.copy_([math.log(4.0), math.log(0.25)])
    terms = weighting(raw(3.0, 5.0))
    assert numbers(terms) == pytest.approx([3 / 8 + math.log(2.0), 10 - math.log(2.0)])
    sum(terms.values()).backward()
    assert weighting.log_variances.grad.numpy() == pytest.approx([0.5 - 3 / 8, 0.5 - 10])
    assert weighting.weights() == pytest.approx({"residual": 1 / 8, "initial": 2.0})


def test_and_at_its_optimum_each_variance_is_its_loss():
    weighting = UncertaintyWeights(NAMES)
    weighting.log_variances.copy_(np.log([3.0, 5.0]))
    sum(weighting(raw(3.0, 5.0)).values()).backward()
    assert np.abs(weighting.log_variances.grad.numpy()).max() < 1e-15


# Annealed


def test_gradient_norms_by_hand():
    weighting = GradientNormWeights(["residual", "initial", "dead"], alpha=0.25)
    weighting.observe(6.0, {"residual": 1.0, "initial": 0.5, "dead": 0.0})
    assert weighting.lambdas.numpy().tolist() == [1.0, 0.75 + 0.25 * 12.0, 1.0]
    weighting.observe(2.0, [9.0, 0.5, 4.0])
    assert weighting.lambdas.numpy().tolist() == [1.0, 0.75 * 3.75 + 0.25 * 4.0, 0.75 + 0.25 * 0.5]


def test_gradient_norms_of_a_network():
    weighting = GradientNormWeights(NAMES, alpha=0.1)
    pinn = decay(weighting)
    weights = list(pinn.network.parameters())
    terms = pinn.raw_terms()
    flat = {name: np.concatenate([g.numpy().ravel() for g in ac.gradients(terms[name], weights)]) for name in NAMES}
    weighting.update(pinn)
    expected = 0.9 + 0.1 * np.abs(flat["residual"]).max() / np.abs(flat["initial"]).mean()
    assert weighting.weights() == pytest.approx({"residual": 1.0, "initial": expected})
    assert all(p.grad is None for p in weights)


def test_the_reference_is_a_term():
    assert GradientNormWeights(NAMES, reference="initial").reference == ("initial",)
    with pytest.raises(ValueError, match="no weight for the term 'u'"):
        GradientNormWeights(NAMES, reference=["u"])
    with pytest.raises(ValueError, match="alpha=2.0; it is a share"):
        GradientNormWeights(NAMES, alpha=2.0)


def test_relobralo_by_hand():
    weighting = ReLoBRaLo(NAMES, alpha=0.9, temperature=0.5)

    def balance(now, then):
        powers = [math.exp(a / (0.5 * b)) for a, b in zip(now, then, strict=True)]
        return np.array([2 * p / sum(powers) for p in powers])

    trace = [(4.0, 2.0), (2.0, 1.5), (1.0, 1.25), (0.5, 1.0)]
    weighting.observe(trace[0])
    assert weighting.lambdas.numpy().tolist() == [1.0, 1.0]
    weighting.observe(raw(*trace[1]), lookback=False)
    one = 0.9 + 0.1 * balance(trace[1], trace[0])
    assert weighting.lambdas.numpy() == pytest.approx(one, rel=1e-14)
    weighting.observe(trace[2], lookback=True)
    two = 0.9 * balance(trace[2], trace[0]) + 0.1 * balance(trace[2], trace[1])
    assert weighting.lambdas.numpy() == pytest.approx(two, rel=1e-14)
    weighting.observe(trace[3], lookback=False)
    assert weighting.lambdas.numpy() == pytest.approx(0.9 * two + 0.1 * balance(trace[3], trace[2]), rel=1e-14)
    assert weighting.lambdas.numpy().sum() == pytest.approx(2.0)
    assert numbers(weighting(raw(1.0, 1.0))) == weighting.lambdas.numpy().tolist()


def test_relobralo_draws_its_lookback():
    def trace(rho, seed=0):
        weighting = ReLoBRaLo(NAMES, alpha=0.9, rho=rho, seed=seed)
        for k in range(20):
            weighting.observe([1.0 / (k + 1), 1.0])
        return weighting.lambdas.numpy().tolist()

    assert trace(0.5) == trace(0.5)
    assert len({tuple(each) for each in (trace(0.0), trace(1.0), trace(0.5), trace(0.5, seed=1))}) == 4


def test_relobralo_survives_a_loss_of_zero_and_a_huge_ratio():
    weighting = ReLoBRaLo(NAMES, alpha=0.5)
    for losses in ([1e-300, 0.0], [1e3, 0.0], [0.0, 1.0]):
        weighting.observe(losses)
        assert np.isfinite(weighting.lambdas.numpy()).all()
    with pytest.raises(ac.errors.ShapeError, match="3 numbers for the 2 terms"):
        weighting.observe([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="temperature=0"):
        ReLoBRaLo(NAMES, temperature=0)


# In a training

KINDS = {
    "fixed": lambda: FixedWeights({"residual": 1.0, "initial": 10.0}),
    "uncertainty": lambda: UncertaintyWeights(NAMES),
    "gradient norm": lambda: GradientNormWeights(NAMES, every=2),
    "relobralo": lambda: ReLoBRaLo(NAMES, alpha=0.9, rho=0.5),
    "self-adaptive": lambda: SelfAdaptiveWeights({"residual": 20, "initial": 1}),
    "causal": lambda: CausalWeights(0.0, 1.0, segments=4),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_captured_training_is_that_of_the_code_as_written(kind):
    def train(compile):
        weighting = KINDS[kind]()
        pinn = decay(weighting)
        before = sum(numbers(pinn.raw_terms()))
        stage = physics.Stage(nn.optim.Adam, steps=12, lr=1e-2)
        pinn.fit([stage], progress=False, compile=compile, callbacks=[weighting])
        raw = {name: ac.mean(ac.square(r)).item() for name, (r, _) in pinn.residuals().items()}
        assert sum(raw.values()) < before
        return [t.numpy() for t in weighting.state_dict().values()], list(raw.values())

    (state, losses), (captured, others) = train(False), train(True)
    assert losses == pytest.approx(others, rel=1e-9)
    for a, b in zip(state, captured, strict=True):
        assert a == pytest.approx(b, rel=1e-9)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "fixed"])
@pytest.mark.parametrize("compile", [False, True])
def test_a_training_that_goes_on_is_as_if_it_had_not_stopped(kind, compile, tmp_path):
    stages = [physics.Stage(nn.optim.Adam, steps=24, lr=1e-2)]

    def train(**options):
        pinn = decay(KINDS[kind]())
        pinn.fit(stages, progress=False, compile=compile, every=6, **options)
        return [t.numpy() for t in pinn.state_dict().values()]

    def stops_at_12(trainer, row):
        return row["step"] == 12

    whole = train(checkpoint=tmp_path / "whole", callbacks=[lambda trainer, row: None])
    train(checkpoint=tmp_path / "part", callbacks=[stops_at_12])
    again = train(resume=tmp_path / "part", callbacks=[lambda trainer, row: None])
    for a, b in zip(whole, again, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("kind", ["gradient norm", "relobralo", "self-adaptive"])
def test_a_weighting_adapts_by_itself_under_adam(kind):
    def train(given):
        weighting = KINDS[kind]()
        stage = physics.Stage(nn.optim.Adam, steps=6, lr=1e-2)
        decay(weighting).fit(stage, progress=False, callbacks=[weighting] if given else [])
        return [t.numpy() for t in weighting.state_dict().values()]

    for a, b in zip(train(False), train(True), strict=True):
        assert np.array_equal(a, b)
    assert any(len({*np.atleast_1d(each).tolist()}) > 1 for each in train(False))


@pytest.mark.parametrize("kind", ["gradient norm", "relobralo", "self-adaptive", "causal"])
def test_what_it_looks_at_is_compiled_with_the_steps(kind, monkeypatch):
    weighting, looks = KINDS[kind](), []
    look = type(weighting).look
    monkeypatch.setattr(type(weighting), "look", lambda self, problem: looks.append(1) or look(self, problem))
    decay(weighting).fit(physics.Stage(nn.optim.Adam, steps=20, lr=1e-2), progress=False, compile=True)
    assert weighting.updates.item() == 1 + 20 // weighting.every
    assert len(looks) <= 3


def test_with_batches_it_looks_at_the_points_that_are_drawn():
    weighting, sizes = ReLoBRaLo(NAMES), []
    pinn = decay(weighting)
    equation = pinn.equations["residual"]
    pinn.equations["residual"] = lambda s: sizes.append(len(s)) or equation(s)
    pinn.fit(physics.Stage(nn.optim.Adam, steps=4, lr=1e-2), progress=False, batch=5)
    assert {*sizes[1:]} == {5}


@pytest.mark.parametrize("kind", ["gradient norm", "relobralo", "self-adaptive"])
def test_and_stays_as_it_is_under_lbfgs(kind):
    weighting = KINDS[kind]()
    pinn = decay(weighting)
    pinn.fit(physics.Stage(nn.optim.LBFGS, steps=5), progress=False)
    assert weighting.updates.item() == 1.0
    pinn.fit(physics.Stage(nn.optim.LBFGS, steps=5), progress=False)
    assert weighting.updates.item() == 1.0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "causal"])
@pytest.mark.parametrize("optimizer", [nn.optim.Adam, nn.optim.LBFGS])
def test_raw_and_weighted_losses_are_both_logged(kind, optimizer, tmp_path):
    weighting = KINDS[kind]()
    pinn = decay(weighting)
    weighting.update(pinn)
    for _ in range(2):
        weighting.update(pinn)
    before = {name: term.item() for name, term in pinn.raw_terms().items()}
    history = pinn.fit(physics.Stage(optimizer, steps=5, lr=1e-2), progress=False)
    columns = history.columns
    assert {"residual", "initial", "raw residual", "raw initial"} <= {*columns}
    assert columns["loss"] == pytest.approx([a + b for a, b in zip(columns["residual"], columns["initial"], strict=True)])
    if optimizer is nn.optim.Adam:
        assert {name: columns[f"raw {name}"][0] for name in NAMES} == pytest.approx(before)
    unequal = columns["raw residual"] != columns["residual"] or columns["raw initial"] != columns["initial"]
    assert unequal or kind == "relobralo"  # whose weights are 1 as long as no loss has changed
    history.save(tmp_path / "history.csv")
    assert physics.History.load(tmp_path / "history.csv").columns["raw initial"] == columns["raw initial"]


def test_the_raw_losses_of_chunks_add_up():
    whole, parts = (decay(FixedWeights({"residual": 2.0, "initial": 3.0})) for _ in range(2))
    stage = physics.Stage(nn.optim.LBFGS, steps=3)
    expected, found = whole.fit(stage, progress=False).columns, parts.fit(stage, progress=False, batch=7).columns
    assert [*expected] == [*found]
    for name in ("residual", "raw residual", "initial", "raw initial"):
        assert found[name] == pytest.approx(expected[name], rel=1e-6)


def test_causal_and_raw_losses():
    weighting = CausalWeights(0.0, 1.0, segments=4, epsilons=(5.0,))
    columns = decay(weighting).fit(physics.Stage(nn.optim.Adam, steps=3, lr=1e-2), progress=False).columns
    assert all(w < r for w, r in zip(columns["residual"], columns["raw residual"], strict=True))
    assert columns["initial"] == pytest.approx(columns["raw initial"])
