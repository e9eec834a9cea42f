"""The fit compiled, in batches, watched, stopped and resumed: always the same training."""

from __future__ import annotations

import numpy as np
import pytest
from memory import most

import autograd_core as ac
import nn
import physics
from physics import Collocation, DirichletBC, InitialCondition, Interval, Stage, TimeInterval
from physics.evaluation import WORTH, Evaluation

PLANE = Interval("x", -1, 1) * TimeInterval("t", 0, 1)
ADAM, LBFGS = Stage(nn.optim.Adam, steps=12, lr=1e-2), Stage(nn.optim.LBFGS, steps=12)
LBFGSB, SGD = Stage(nn.optim.LBFGSB, steps=12), Stage(nn.optim.SGD, steps=12, lr=1e-2)
REFINED = [Stage(nn.optim.Adam, steps=15, lr=1e-2, refine_every=6), Stage(nn.optim.LBFGS, steps=14, refine_every=7)]


def start(s):
    return -ac.sin(np.pi * s.x)


def burgers(residual=lambda s: s.u_t + s.u * s.u_x - 0.1 * s.u_xx, **options):
    given = {"conditions": [InitialCondition(start), DirichletBC("x", 0.0)], "points": Collocation(30, 8, 8), **options}
    return physics.PINN(nn.MLP([2, 8, 1], generator=0), PLANE, ["u"], residual, **given)


def fitted(stages, pinn=None, **options):
    pinn = burgers() if pinn is None else pinn
    pinn.fit(stages, progress=False, **options)
    return pinn


def weights(pinn):
    return np.concatenate([p.numpy().ravel() for p in pinn.parameters()])


# Compiled


@pytest.mark.parametrize("stages", [ADAM, SGD, LBFGS, LBFGSB, REFINED], ids=lambda s: getattr(s, "name", "refined"))
def test_a_compiled_training_is_the_eager_one(stages):
    eager, compiled = (fitted(stages, compile=mode) for mode in (False, True))
    assert compiled.history.loss == pytest.approx(eager.history.loss, rel=1e-6)
    assert weights(compiled) == pytest.approx(weights(eager), rel=1e-5, abs=1e-6)
    assert (eager.history.why_not_compiled, compiled.history.why_not_compiled) == ("compile=False", "")


@pytest.mark.parametrize("hard", [False, True])
def test_a_capture_takes_no_more_memory_than_the_loss_itself(hard):
    given = burgers().conditions
    options = {"conditions": [], "transform": physics.HardConstraints(PLANE, given)} if hard else {}
    network = nn.MLP([2, *[20] * 4, 1], generator=0)
    pinn = physics.PINN(network, PLANE, ["u"], lambda s: s.u_t + s.u * s.u_x - s.u_xx, points=Collocation(2_000), **options)

    evaluate = Evaluation(pinn, list(pinn.parameters()), True, 1)
    evaluate()  # as it is written
    eager, capture = most(evaluate.eager), most(evaluate)
    assert evaluate.compiles
    assert capture < 1.5 * eager + 2e6  # the program itself takes a few MB


def test_points_drawn_anew_need_no_new_capture():
    pinn = burgers()
    evaluate = Evaluation(pinn, list(pinn.parameters()), True, 1)
    losses = []
    for _ in range(5):
        losses.append(sum(t.item() for t in evaluate()[0].values()))
        pinn.refine()
    assert "1 capture\n" in evaluate.run.explain()
    assert len({*losses}) == 5


def test_it_says_why_it_is_not_compiled():
    assert f"fewer than {WORTH}" in fitted(ADAM).history.why_not_compiled
    calls = []
    pinn = burgers(lambda s: calls.append(1) or s.u_t - s.u_xx)
    history = pinn.fit(Stage(nn.optim.Adam, steps=WORTH), progress=False)
    assert "calls" in history.why_not_compiled or "list" in history.why_not_compiled
    with pytest.raises(ac.errors.CaptureError):
        fitted(ADAM, burgers(lambda s: calls.append(1) or s.u_t - s.u_xx), compile=True)
    with pytest.raises(ValueError, match="compile is"):
        fitted(ADAM, compile="yes")


# In batches


@pytest.mark.parametrize("stage", [LBFGS, LBFGSB], ids=lambda s: s.name)
@pytest.mark.parametrize("compile", [False, True])
def test_chunks_of_points_give_the_same_minimization(stage, compile):
    whole, parts = fitted(stage), fitted(stage, batch=7, compile=compile)
    assert parts.history.columns["loss"][:5] == pytest.approx(whole.history.columns["loss"][:5], rel=1e-6)


def test_adam_draws_its_batches():
    first, again = (fitted(ADAM, batch=7) for _ in range(2))
    assert np.array_equal(weights(first), weights(again))
    assert not np.array_equal(weights(first), weights(fitted(ADAM)))
    assert [len(c) for c in first._chunks] == [7]


@pytest.mark.parametrize("name", ["batch", "every"])
def test_counts_are_whole_and_positive(name):
    with pytest.raises(ValueError, match=f"fit: {name}=0; it must be at least 1"):
        fitted(ADAM, **{name: 0})


# Watched


def test_validation_metrics_and_callbacks_go_through_all_optimizers():
    rows, X = [], np.random.default_rng(0).uniform([-1, 0], [1, 1], (20, 2))
    pinn = burgers(weight=3.0)
    history = pinn.fit([ADAM, LBFGS], progress=False, every=6, validation=X, metrics={"u0": lambda p: p([[0, 0]]).item()},
                       callbacks=[lambda trainer, row: rows.append((trainer.step, row["val_loss"]))])  # fmt: skip
    looks = np.isfinite(history.columns["val_loss"])
    assert np.flatnonzero(looks).tolist() == [5, 11, 17, 23]
    assert [step for step, _ in rows] == [6, 12, 18, 24]
    assert rows[-1][1] == pytest.approx(pinn.validate(X), rel=1e-9)
    assert history.columns["u0"][-1] == pytest.approx(pinn([[0, 0]]).item())
    raw, weighted = history.columns["raw residual"], history.columns["residual"]
    assert np.array(weighted) == pytest.approx(3.0 * np.array(raw))


def test_a_metric_is_a_function_with_a_name_of_its_own():
    with pytest.raises(TypeError, match="fit: the metric 'error' is 3; it is a function of the problem"):
        fitted(ADAM, metrics={"error": 3})
    with pytest.raises(ValueError, match="no metric can be called 'loss': a column of the history is"):
        fitted(ADAM, metrics={"loss": lambda p: 0.0})
    with pytest.raises(ValueError, match="the metric 'initial' has the name of a term or a coefficient"):
        fitted(ADAM, metrics={"initial": lambda p: 0.0}, every=2)


@pytest.mark.parametrize("stage", [ADAM, LBFGS], ids=lambda s: s.name)
def test_a_callback_ends_the_training(stage):
    history = fitted([stage, ADAM], callbacks=[lambda trainer, row: trainer.step >= 4], every=2).history
    assert history.steps == 4
    assert history.stop_reasons == [(stage.name, "<lambda> ended it")]


# Stopped and resumed


class StopAt(nn.callbacks.Callback):
    """Ends a training after a step."""

    def __init__(self, step):
        self.step = step

    def on_step(self, trainer, loss):
        return trainer.step == self.step


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("stop", [4, 8, 15, 19, 26])
@pytest.mark.parametrize("batch", [None, 11])
def test_a_resumed_training_is_the_same_bit_by_bit(stop, compile, batch, tmp_path):
    options = {"compile": compile, "every": 4, "batch": batch}
    whole = fitted(REFINED, checkpoint=tmp_path / "whole", callbacks=[StopAt(-1)], **options)
    fitted(REFINED, checkpoint=tmp_path / "part", callbacks=[StopAt(stop)], **options)
    resumed = burgers()
    resumed.fit(REFINED, False, checkpoint=tmp_path / "part", resume=tmp_path / "part", callbacks=[StopAt(-1)], **options)
    assert np.array_equal(weights(resumed), weights(whole))
    assert np.array_equal(resumed.interior, whole.interior)
    assert resumed.history.rows == whole.history.rows
    assert resumed.history.stop_reasons == whole.history.stop_reasons


@pytest.mark.parametrize("stop", [4, 26])
@pytest.mark.parametrize("batch", [None, 11])
def test_a_training_may_be_resumed_without_being_saved_again(stop, batch, tmp_path):
    options = {"compile": True, "every": 4, "batch": batch}
    whole = fitted(REFINED, checkpoint=tmp_path / "whole", callbacks=[StopAt(-1)], **options)
    fitted(REFINED, checkpoint=tmp_path / "part", callbacks=[StopAt(stop)], **options)
    resumed = fitted(REFINED, resume=tmp_path / "part", callbacks=[StopAt(-1)], **options)
    assert np.array_equal(weights(resumed), weights(whole))
    assert resumed.history.rows == whole.history.rows
    assert resumed.history.stop_reasons == whole.history.stop_reasons


def test_a_training_shorter_than_a_look_is_saved_at_its_end(tmp_path):
    whole = fitted(Stage(nn.optim.Adam, steps=30, lr=1e-2), checkpoint=tmp_path / "whole", compile=False)
    first = Stage(nn.optim.Adam, steps=12, lr=1e-2)
    ended = fitted(first, checkpoint=tmp_path / "part", compile=False)
    again = fitted(first, resume=tmp_path / "part", compile=False)
    assert again.history.rows == ended.history.rows
    assert again.history.stop_reasons == ended.history.stop_reasons
    longer = fitted(Stage(nn.optim.Adam, steps=30, lr=1e-2), resume=tmp_path / "part", compile=False)
    assert np.array_equal(weights(longer), weights(whole))
    assert longer.history.rows == whole.history.rows


@pytest.mark.parametrize("compile", [False, True])
def test_a_search_that_has_converged_is_saved_and_not_begun_again(compile, tmp_path):
    search = Stage(nn.optim.LBFGS, steps=50, tolerance_change=0.05)
    ended = fitted(search, checkpoint=tmp_path / "part", compile=compile)
    again = fitted(search, resume=tmp_path / "part", compile=compile)
    assert 0 < ended.history.steps < 50
    assert again.history.rows == ended.history.rows
    assert again.history.stop_reasons == ended.history.stop_reasons
    assert np.array_equal(weights(again), weights(ended))
    more = fitted([search, ADAM], resume=tmp_path / "part", compile=compile)
    assert more.history.steps == ended.history.steps + 12


def test_ctrl_c_leaves_the_file_of_the_last_look(tmp_path):
    def press(trainer, row):
        if trainer.step == 8:
            raise KeyboardInterrupt

    whole = fitted(ADAM, checkpoint=tmp_path / "whole", callbacks=[lambda trainer, row: None], every=4)
    assert fitted(ADAM, checkpoint=tmp_path / "part", callbacks=[press], every=4).history.interrupted
    again = fitted(ADAM, resume=tmp_path / "part", callbacks=[lambda trainer, row: None], every=4)
    assert again.history.rows == whole.history.rows
    assert np.array_equal(weights(again), weights(whole))


def test_a_file_to_resume_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="fit: there is no file .*none.safetensors to resume.*leave resume out"):
        fitted(ADAM, resume=tmp_path / "none.safetensors")


def test_a_training_of_another_network_is_refused(tmp_path):
    fitted(ADAM, checkpoint=tmp_path / "state", every=4)
    other = physics.PINN(nn.MLP([2, 3, 1]), PLANE, ["u"], lambda s: s.u_t)
    with pytest.raises(ValueError, match="other parameters"):
        other.fit(ADAM, resume=tmp_path / "state")


# Coefficients, transforms, weights


@pytest.mark.parametrize("compile", [False, True])
def test_unknown_coefficients_are_trained(compile):
    speed = nn.Parameter(np.array(0.3), name="speed")
    pinn = burgers(lambda s: s.u_t - speed * s.u_xx, parameters=[speed])
    assert "coefficients.speed" in dict(pinn.named_parameters())
    fitted([ADAM, LBFGS], pinn, compile=compile)
    assert speed.item() != 0.3
    with pytest.raises(TypeError, match="cannot be trained as a coefficient"):
        burgers(parameters=[3.0])


@pytest.mark.parametrize("compile", [False, True])
def test_a_transform_makes_conditions_hold(compile):
    pinn = burgers(conditions=[], transform=lambda X, u: X[:, 1:] * u - ac.sin(np.pi * X[:, :1]))
    fitted(ADAM, pinn, compile=compile)
    x = np.array([[0.5, 0.0], [-0.3, 0.0]])
    assert pinn.predict(x) == pytest.approx(-np.sin(np.pi * x[:, 0]))
    assert pinn.predict(x, "u_xx") == pytest.approx(np.pi**2 * np.sin(np.pi * x[:, 0]))


@pytest.mark.parametrize(
    "weighting, error, words",
    [
        (lambda raw: sum(raw.values()), TypeError, "the weighting gave a Tensor; needed is a dict"),
        (lambda raw: {"residual": raw["residual"]}, ValueError, r"the weighting gave the terms \['residual'\]; needed are"),
    ],
)
def test_a_weighting_gives_each_term(weighting, error, words):
    with pytest.raises(error, match=words):
        fitted(ADAM, burgers(weighting=weighting))


def test_a_weighting_maps_raw_terms():
    pinn = burgers(weighting=lambda raw: {name: 2.0 * term for name, term in raw.items()})
    assert pinn.loss().item() == pytest.approx(2.0 * burgers().loss().item())
    assert fitted(ADAM, pinn).history.columns["raw initial"][0] * 2.0 == pytest.approx(pinn.history.columns["initial"][0])
