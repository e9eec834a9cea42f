"""Trainer: what a fit does, what its history tells, how it stops and goes on, and what is kept when something goes wrong."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn.metrics import accuracy, mean_absolute_error

ROOT = Path(__file__).resolve().parents[2]
rng = np.random.default_rng(0)
X = rng.uniform(-1.0, 1.0, (23, 2))
Y = np.sin(3.0 * X[:, :1]) * X[:, 1:]
VALIDATION = (X[:7], Y[:7] + 0.1)


def make(optimizer=nn.optim.Adam, lr=1e-2, layers=(), **options):
    model = nn.Sequential(nn.Linear(2, 8, generator=0), nn.Tanh(), *layers, nn.Linear(8, 1, generator=1))
    options = {"compile": False, "progress": False} | options
    return nn.Trainer(model, nn.mse_loss, optimizer(model.parameters(), lr=lr), **options)


def weights(trainer):
    return np.concatenate([p.numpy().ravel() for p in trainer.model.parameters()])


# What a fit does


def test_full_batch_is_gradient_descent_on_all_examples():
    trainer = make(nn.optim.SGD, lr=0.1)
    twin = make(nn.optim.SGD, lr=0.1)
    history = trainer.fit((X, Y), epochs=5)
    losses = []
    for _ in range(5):
        twin.optimizer.zero_grad()
        loss = nn.mse_loss(twin.model(X), Y)
        loss.backward()
        twin.optimizer.step()
        losses.append(loss.item())
    assert history.columns["loss"] == losses
    assert np.array_equal(weights(trainer), weights(twin))
    assert history.columns["epoch"] == history.columns["step"] == [1, 2, 3, 4, 5]
    assert history.stop_reasons == [("SGD", "made all 5 epochs")]


@pytest.mark.parametrize("batch_size, steps", [(None, 1), (1, 23), (5, 5), (23, 1), (100, 1)])
def test_the_size_of_the_batches(batch_size, steps):
    trainer = make()
    assert trainer.fit((X, Y), epochs=2, batch_size=batch_size).columns["step"] == [steps, 2 * steps]


def test_epoch_losses_are_means_over_examples_also_with_a_small_last_batch():
    trainer = make(nn.optim.SGD, lr=0.0, metrics=[mean_absolute_error])
    row = trainer.fit((X, Y), validation=(X, Y), epochs=1, batch_size=5).rows[0]
    output = trainer.predict(X).numpy()
    assert row["loss"] == pytest.approx(np.mean((output - Y) ** 2))
    assert row["mean_absolute_error"] == pytest.approx(np.mean(abs(output - Y)))
    assert (row["val_loss"], row["val_mean_absolute_error"]) == pytest.approx((row["loss"], row["mean_absolute_error"]))
    assert row["lr"] == 0.0
    assert trainer.evaluate((X, Y), batch_size=4)["loss"] == pytest.approx(row["loss"])


def test_the_order_is_new_in_each_epoch_and_goes_by_the_seed():
    class Order(nn.data.TensorDataset):
        def batch(self, indices):
            seen.append(indices.tolist())
            return super().batch(indices)

    runs = []
    for seed in (1, 1, 2):
        seen: list[list[int]] = []
        make(seed=seed).fit(Order(X, Y), epochs=2, batch_size=23)
        runs.append(seen)
    assert runs[0] == runs[1] != runs[2]
    assert runs[0][0] != runs[0][1]


def test_no_default_generator_is_used():
    state = nn.get_rng_state()
    make().fit((X, Y), epochs=2, batch_size=5)
    assert nn.get_rng_state() == state


def test_epochs_count_all_that_were_made():
    once, twice = make(), make()
    once.fit((X, Y), epochs=6, batch_size=5)
    twice.fit((X, Y), epochs=2, batch_size=5)
    twice.fit((X, Y), epochs=6, batch_size=5)
    assert twice.history.rows == once.history.rows
    assert np.array_equal(weights(once), weights(twice))


@pytest.mark.parametrize("asked", [4, 3])
def test_epochs_that_are_made_already_are_told(asked):
    trainer = make()
    before = trainer.fit((X, Y), epochs=4).rows.copy()
    found = weights(trainer)
    with pytest.warns(UserWarning, match=rf"in all\. For {asked} more write epochs={4 + asked}\.") as warned:
        history = trainer.fit((X, Y), epochs=asked)
    assert warned[0].filename == __file__
    assert history.rows == before
    assert history.stop_reasons[-1] == ("Adam", f"nothing to do: 4 epochs are made, {asked} were asked for in all")
    assert np.array_equal(weights(trainer), found)


def test_none_of_no_epochs_is_what_was_asked_for():
    assert make().fit((X, Y), epochs=0).stop_reasons == [("Adam", "made all 0 epochs")]


def test_several_inputs_and_a_batch_that_is_no_tuple():
    class Sum(nn.Module):
        def __init__(self):
            self.w = nn.Parameter(1.0)

        def forward(self, a, b=0.0):
            return (a["x"] if isinstance(a, dict) else a + b) * self.w

    for data, loss in [((X, X, 4.0 * X), nn.mse_loss), ([{"x": row} for row in X], lambda y, b: nn.mse_loss(y, 2.0 * b["x"]))]:
        model = Sum()
        nn.Trainer(model, loss, nn.optim.SGD([model.w], lr=0.2), compile=False).fit(data, epochs=150)
        assert model.w.item() == pytest.approx(2.0)


def test_a_rule_of_ones_own():
    def rule(model, loss, batch):
        output = model(batch[0])
        return loss(output, batch[1]) + nn.l2_penalty(model), output

    trainer = make(rule=rule)
    row = trainer.fit((X, Y), epochs=1).rows[0]
    start = make()
    assert row["loss"] == pytest.approx((nn.mse_loss(start.model(X), Y) + nn.l2_penalty(start.model)).item())


def test_evaluation_is_as_in_prediction_and_gives_each_module_its_mode_back():
    trainer = make(layers=[nn.Dropout(0.5)])
    trainer.model[2].eval()
    assert np.array_equal(trainer.predict(X).numpy(), trainer.predict(X, batch_size=4).numpy())
    assert [m.training for m in trainer.model] == [True, True, False, True]
    trainer.fit((X, Y), validation=VALIDATION, epochs=1)
    assert all(m.training for m in trainer.model.modules())


def test_it_trains_also_where_nothing_is_recorded():
    with ac.no_grad():
        assert len(make().fit((X, Y), epochs=2)) == 2


def test_clipping_limits_a_step():
    pytest.importorskip("nn.clip")
    trainer = make(nn.optim.SGD, lr=1.0, clip_norm=1e-3)
    before = weights(trainer)
    trainer.fit((X, Y), epochs=1)
    assert np.linalg.norm(weights(trainer) - before) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("options", [{}, {"line_search_fn": "strong_wolfe"}])
def test_a_minimizer_makes_many_steps_with_the_same_callbacks(options):
    seen = []

    class Watch(nn.Callback):
        def on_step(self, trainer, loss):
            seen.append(loss)

    lbfgs = lambda p, lr: nn.optim.LBFGS(p, max_iter=15, max_eval=100, **options)
    trainer = make(lbfgs, callbacks=[Watch()], metrics=[mean_absolute_error])
    history = trainer.fit((X, Y), epochs=2)
    assert history.columns["step"] == [15, 30]
    assert len(seen) == trainer.step == 30
    assert seen[-1] < 0.2 * seen[0]


def test_a_minimizer_stops_when_it_has_converged_or_is_told_to():
    x = np.array([[0.0], [1.0]])
    line = nn.Linear(1, 1, generator=0)
    trainer = nn.Trainer(line, nn.mse_loss, nn.optim.LBFGS(line.parameters(), line_search_fn="strong_wolfe"))
    history = trainer.fit((x, 2.0 * x + 1.0), epochs=50)
    assert 1 <= len(history) == trainer.epoch < 50  # the epoch in which it converged is one
    assert history.rows[-1]["step"] == trainer.step
    assert "tolerance" in history.stop_reasons[0][1]

    class Stop(nn.Callback):
        def on_step(self, trainer, loss):
            return trainer.step == 3

    trainer = make(lambda p, lr: nn.optim.LBFGS(p), callbacks=[Stop()])
    trainer.fit((X, Y), epochs=5)
    assert trainer.step == 3


# Schedules


class Halving:
    """A schedule as a Trainer sees one."""

    def __init__(self, optimizer):
        self.optimizer, self.told = optimizer, []

    def step(self):
        self.optimizer.param_groups[0]["lr"] /= 2.0

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class Plateau(Halving):
    def step(self, metrics):
        self.told.append(metrics)


def scheduled(kind, **options):
    trainer = make(**options)
    trainer.schedule = kind(trainer.optimizer)
    return trainer


def test_a_schedule_goes_on_after_each_epoch_or_step():
    history = scheduled(Halving).fit((X, Y), epochs=3, batch_size=10)
    assert history.columns["lr"] == [1e-2, 5e-3, 2.5e-3]
    history = scheduled(Halving, schedule_every="step").fit((X, Y), epochs=2, batch_size=10)
    assert history.columns["lr"] == [1e-2 / 8, 1e-2 / 64]
    with pytest.raises(ValueError, match="schedule_every is"):
        make(schedule_every="day")


def test_a_plateau_is_told_the_validation_loss():
    trainer = scheduled(Plateau)
    trainer.fit((X, Y), validation=VALIDATION, epochs=2)
    assert trainer.schedule.told == trainer.history.columns["val_loss"]


# Callbacks


class Log(nn.Callback):
    def __init__(self):
        self.events = []

    def on_start(self, trainer):
        self.events.append("start")

    def on_step(self, trainer, loss):
        self.events.append("step")

    def on_epoch(self, trainer, row):
        assert row is trainer.history.rows[-1] or row == trainer.history.rows[-1]
        self.events.append(f"epoch {trainer.epoch}")

    def on_end(self, trainer):
        self.events.append("end")


def test_callbacks_are_called_in_their_order():
    log, rows = Log(), []
    make(callbacks=[log, lambda trainer, row: rows.append(row["epoch"])]).fit((X, Y), epochs=2, batch_size=12)
    assert log.events == ["start", "step", "step", "epoch 1", "step", "step", "epoch 2", "end"]
    assert rows == [1, 2]


def test_a_callback_may_end_the_training():
    def enough(trainer, row):
        return trainer.epoch == 2

    history = make(callbacks=[enough]).fit((X, Y), epochs=9)
    assert len(history) == 2
    assert history.stop_reasons == [("Adam", "enough ended it")]


@pytest.mark.parametrize("wrong", [3, "stop", nn.EarlyStopping])
def test_what_is_no_callback(wrong):
    with pytest.raises(TypeError, match="a callback is"):
        make(callbacks=[wrong])


def test_early_stopping_stops_and_restores_the_best_weights():
    trainer = make(lr=0.3)
    stopping = nn.EarlyStopping(trainer.model, patience=3)
    trainer.callbacks.append(stopping)
    history = trainer.fit((X, Y), validation=(X, -Y), epochs=100)
    best = history.best()
    assert len(history) == best["epoch"] + 3 < 100
    assert trainer.evaluate((X, -Y))["loss"] == best["val_loss"] == stopping.best_loss
    assert f"val_loss has not improved for 3 epochs; best: {best['val_loss']:.4g} in epoch {best['epoch']}" in repr(history)


def test_early_stopping_needs_its_column():
    trainer = make()
    trainer.callbacks.append(nn.EarlyStopping(trainer.model, patience=3))
    with pytest.raises(ValueError, match="no column 'val_loss', only epoch, step, loss, lr"):
        trainer.fit((X, Y), epochs=2)


# Stop and resume


class StopAt(nn.Callback):
    def __init__(self, step):
        self.at = step

    def on_step(self, trainer, loss):
        return trainer.step == self.at


def noisy(x, y, generator):
    return x + 0.01 * generator.normal(size=x.shape), y


def everything(at=None, compile=False):
    """A training that draws in the data and in the model, with momentum, a schedule and early stopping."""
    nn.manual_seed(4)
    own = nn.Dropout(0.3, generator=ac.random.Generator(9)) if "generator" in nn.Dropout.__init__.__annotations__ else nn.Tanh()
    model = nn.Sequential(nn.Linear(2, 8, generator=0), nn.BatchNorm1d(8), nn.Dropout(0.2), own, nn.Linear(8, 1, generator=1))
    optimizer = nn.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-3)
    schedule = nn.optim.lr_scheduler.ExponentialLR(optimizer, 0.9) if hasattr(nn.optim, "lr_scheduler") else None
    callbacks = [nn.EarlyStopping(model, patience=4), *([StopAt(at)] if at else [nn.Callback()])]
    options = {"metrics": {"mae": mean_absolute_error}, "callbacks": callbacks, "seed": 3, "progress": False}
    return nn.Trainer(model, nn.mse_loss, optimizer, schedule, compile=compile, **options)


def run(trainer):
    return trainer.fit((X, Y), validation=VALIDATION, epochs=6, batch_size=5, augment=noisy)


@pytest.mark.parametrize("compile", [False, "auto"])
@pytest.mark.parametrize("at", [1, 4, 5, 7, 10, 13, 29])
def test_a_resumed_training_is_bit_identical(at, compile, tmp_path):
    pytest.importorskip("safetensors")
    straight = everything(compile=compile)
    run(straight)
    stopped = everything(at, compile)
    run(stopped)
    assert stopped.step == at
    stopped.save(tmp_path / "state")
    nn.manual_seed(99)
    resumed = everything(compile=compile)
    nn.manual_seed(98)
    assert resumed.resume(tmp_path / "state") is resumed
    assert resumed.step == at
    run(resumed)
    assert resumed.history.rows == straight.history.rows
    assert np.array_equal(weights(resumed), weights(straight))
    both = (flat(each.state_dict()) for each in (resumed, straight))
    for (name, a), (_, b) in zip(*both, strict=True):
        assert np.array_equal(a, b), name


def test_every_schedule_is_resumed(tmp_path):
    pytest.importorskip("safetensors")
    schedules = nn.optim.lr_scheduler
    own = lambda o: schedules.CyclicLR(o, 0.01, 0.1, 4, mode="triangular2")
    for make in (lambda o: schedules.OneCycleLR(o, 0.05, 30), own):

        def trainer(make=make):
            line = nn.Linear(2, 1, generator=0)
            optimizer = nn.optim.SGD(line.parameters(), lr=0.01, momentum=0.9)
            return nn.Trainer(line, nn.mse_loss, optimizer, make(optimizer), schedule_every="step", progress=False)

        straight, first = trainer(), trainer()
        straight.fit((X, Y), epochs=5, batch_size=5)
        first.fit((X, Y), epochs=2, batch_size=5)
        first.save(tmp_path / "s")
        second = trainer().resume(tmp_path / "s")
        second.fit((X, Y), epochs=5, batch_size=5)
        assert np.array_equal(weights(second), weights(straight))


def test_a_recurrent_network_is_trained_in_compiled_loops():
    pytest.importorskip("numba")
    x = np.random.default_rng(0).normal(size=(6, 5, 2))
    losses = []
    for backend in (None, "numba"):
        network = nn.LSTM(2, 4, batch_first=True, generator=0)
        optimizer = nn.optim.Adam(network.parameters(), lr=0.01)

        def step(x, network=network, optimizer=optimizer):
            optimizer.zero_grad()
            loss = ac.sum(network(x)[0] ** 2.0)
            loss.backward()
            nn.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            return loss.detach()

        run = step if backend is None else ac.compile(step, backend=backend)
        losses.append([run(ac.tensor(x)).item() for _ in range(6)])
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)


def flat(value, name=""):
    """The numbers in a state by their places, apart from why it stopped."""
    if isinstance(value, dict):
        return [each for k, v in value.items() if k != "stop_reasons" for each in flat(v, f"{name}.{k}")]
    if isinstance(value, list | tuple):
        return [each for k, v in enumerate(value) for each in flat(v, f"{name}.{k}")]
    return [(name, np.asarray(value))]


def test_a_checkpoint_after_each_epoch_resumes(tmp_path):
    pytest.importorskip("safetensors")
    straight = make()
    straight.fit((X, Y), epochs=5, batch_size=5)
    first = make(callbacks=[nn.Checkpoint(tmp_path / "at {epoch}", every=2)])
    first.fit((X, Y), epochs=5, batch_size=5)
    assert sorted(os.listdir(tmp_path)) == ["at 2", "at 4", "at 5"]
    second = make(callbacks=[nn.Callback()]).load(tmp_path / "at 2")
    second.fit((X, Y), epochs=5, batch_size=5)
    assert second.history.rows == straight.history.rows
    assert np.array_equal(weights(second), weights(straight))


class NoisyLoss(nn.Module):
    """A loss that learns a scale, counts its calls and draws from a generator that it holds."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(np.ones(()))
        self.register_buffer("count", ac.zeros(()))
        self.generator = ac.random.Generator(5)

    def forward(self, y, target):
        with ac.no_grad():
            self.count.copy_(self.count + 1.0)
        noise = 0.1 * self.generator.normal(size=y.shape)
        return nn.mse_loss(y + noise, target) * self.scale + self.scale**2


def with_a_loss(compile):
    model, loss = nn.Sequential(nn.Linear(2, 8, generator=0), nn.Tanh(), nn.Linear(8, 1, generator=1)), NoisyLoss()
    optimizer = nn.optim.Adam([*model.parameters(), *loss.parameters()], lr=1e-2)
    return nn.Trainer(model, loss, optimizer, compile=compile, progress=False)


def test_a_compiled_loss_draws_and_counts_as_it_does_uncompiled():
    eager, compiled = with_a_loss(False), with_a_loss(True)
    for trainer in (eager, compiled):
        trainer.fit((X, Y), epochs=4)
    assert compiled.loss.count.item() == eager.loss.count.item() == 4
    losses = ([row["loss"] for row in trainer.history.rows] for trainer in (compiled, eager))
    np.testing.assert_allclose(*losses, rtol=1e-12)


@pytest.mark.parametrize("compile", [False, True])
def test_the_state_of_a_loss_goes_on_too(compile, tmp_path):
    pytest.importorskip("safetensors")
    straight, first = with_a_loss(compile), with_a_loss(compile)
    straight.fit((X, Y), epochs=6)
    first.fit((X, Y), epochs=3)
    second = with_a_loss(compile).resume(first.save(tmp_path / "s"))
    second.fit((X, Y), epochs=6)
    assert second.history.rows == straight.history.rows
    assert second.loss.scale.item() == straight.loss.scale.item() != 1.0
    assert second.loss.count.item() == 6


def test_a_state_of_a_loss_with_weights_wants_that_loss():
    """It is not passed over, in neither direction, and nothing is changed."""
    trainer, other = with_a_loss(False), with_a_loss(False)
    saved, other.loss = other.state_dict(), nn.mse_loss
    trainer.fit((X, Y), epochs=2)
    before = trainer.loss.scale.item(), weights(trainer)
    with pytest.raises(ValueError, match="saved with a loss that has weights or buffers"):
        other.load_state_dict(saved)
    with pytest.raises(nn.StateDictError, match="scale"):
        trainer.load_state_dict(saved | {"loss": {}})
    with pytest.raises(ValueError, match="saved without a generator at loss .generator"):
        trainer.load_state_dict(saved | {"generators": {}})
    assert trainer.loss.scale.item() == before[0]
    assert np.array_equal(weights(trainer), before[1])


@pytest.mark.parametrize("compile", [False, True])
def test_what_a_loss_learned_is_put_back_too(compile):
    model, loss = nn.Linear(2, 1, generator=0), NoisyLoss()
    optimizer = nn.optim.SGD([*model.parameters(), *loss.parameters()], lr=1e200)
    trainer = nn.Trainer(model, loss, optimizer, compile=compile, progress=False)
    with pytest.raises(ac.errors.NonFiniteError, match="put back"):
        trainer.fit((X, Y), epochs=9)
    assert np.isfinite(loss.scale.item())
    assert np.isfinite(trainer.evaluate((X, Y))["loss"])


def test_between_epochs_other_batches_will_do(tmp_path):
    pytest.importorskip("safetensors")
    trainer = make()
    trainer.fit((X, Y), epochs=2, batch_size=5)
    trainer.save(tmp_path / "s")
    assert len(make().resume(tmp_path / "s").fit((X, Y), epochs=3, batch_size=7)) == 3
    halfway = make(callbacks=[StopAt(2)])
    halfway.fit((X, Y), epochs=2, batch_size=5)
    halfway.save(tmp_path / "s")
    with pytest.raises(ValueError, match="batch_size was 5 and is 7"):
        make(callbacks=[nn.Callback()]).resume(tmp_path / "s").fit((X, Y), epochs=3, batch_size=7)


def test_a_state_of_another_training_changes_nothing(tmp_path):
    pytest.importorskip("safetensors")
    trainer = make()
    trainer.fit((X, Y), epochs=2)
    path = trainer.save(tmp_path / "s")
    wider = nn.Sequential(nn.Linear(2, 9), nn.Tanh(), nn.Linear(9, 1))
    other_model = nn.Trainer(wider, nn.mse_loss, nn.optim.Adam(wider.parameters()))
    other_groups = make()
    groups = [{"params": [p]} for p in other_groups.model.parameters()]
    other_groups.optimizer = nn.optim.Adam(groups)
    for other, error in [
        (other_model, nn.StateDictError),
        (other_groups, ValueError),
        (make(callbacks=[nn.Callback()]), ValueError),
        (scheduled(Halving), ValueError),
    ]:
        before = weights(other)
        with pytest.raises(error):
            other.resume(path)
        assert np.array_equal(weights(other), before)
        assert other.epoch == 0
    nn.save(path, trainer.model)
    with pytest.raises(nn.FileFormatError, match="holds no training"):
        trainer.resume(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(nn.FileFormatError, match="no safetensors file"):
        trainer.resume(path)


SAVING = """
import sys
import numpy as np
import nn
x = np.linspace(-1.0, 1.0, 16)[:, None]
model = nn.MLP([1, 64, 64, 1], generator=0)
trainer = nn.Trainer(model, nn.mse_loss, nn.optim.Adam(model.parameters()), compile=False,
                     callbacks=[nn.Checkpoint(sys.argv[1])])
if len(sys.argv) > 2:
    trainer.resume(sys.argv[1])
print("ready", flush=True)
trainer.fit((x, x**2), epochs=int(sys.argv[2]) if len(sys.argv) > 2 else 10**9, batch_size=4)
print(trainer.epoch, repr(trainer.history.loss))
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 as in POSIX")
def test_a_training_that_is_killed_goes_on_from_its_last_checkpoint(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "state"
    with subprocess.Popen([sys.executable, "-c", SAVING, str(path)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        while not path.exists():
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    model = nn.MLP([1, 64, 64, 1], generator=0)
    callbacks = [nn.Callback()]
    trainer = nn.Trainer(model, nn.mse_loss, nn.optim.Adam(model.parameters()), compile=False, callbacks=callbacks)
    made = trainer.resume(path).epoch
    assert made >= 1
    x = np.linspace(-1.0, 1.0, 16)[:, None]
    trainer.fit((x, x**2), epochs=made + 2, batch_size=4)
    twin = nn.MLP([1, 64, 64, 1], generator=0)
    straight = nn.Trainer(twin, nn.mse_loss, nn.optim.Adam(twin.parameters()), compile=False)
    straight.fit((x, x**2), epochs=made + 2, batch_size=4)
    assert trainer.history.rows == straight.history.rows


# Ctrl-C


class PressAt(nn.Callback):
    """Ctrl-C at a step, as the keyboard gives it; raised at once where `hard`."""

    def __init__(self, step, hard=False):
        self.at, self.hard = step, hard

    def on_step(self, trainer, loss):
        if trainer.step == self.at:
            if self.hard:
                raise KeyboardInterrupt
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def interrupts():
    """Python's own handler of Ctrl-C: a shell gives a command in the background one that ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
@pytest.mark.parametrize("at", [2, 5, 8])
@pytest.mark.parametrize("hard", [False, True])
def test_ctrl_c_keeps_what_was_learned_and_the_training_can_go_on(at, hard):
    straight = make()
    straight.fit((X, Y), epochs=4, batch_size=5)
    handler = signal.getsignal(signal.SIGINT)
    trainer = make(callbacks=[PressAt(at, hard)])
    history = trainer.fit((X, Y), epochs=4, batch_size=5)
    assert signal.getsignal(signal.SIGINT) is handler
    assert history.interrupted
    assert history.stop_reasons == [("Adam", f"interrupted after step {at}")]
    assert "interrupted" in repr(history)
    trainer.callbacks = []
    trainer.fit((X, Y), epochs=4, batch_size=5)
    assert not trainer.history.interrupted
    assert trainer.history.rows == straight.history.rows
    assert np.array_equal(weights(trainer), weights(straight))


def test_ctrl_c_after_a_ruinous_step_goes_back_to_numbers():
    class Ruin(nn.Callback):
        def on_step(self, trainer, loss):
            trainer.model[0].weight.copy_(np.nan)
            raise KeyboardInterrupt

    trainer = make(callbacks=[Ruin()])
    trainer.fit((X, Y), epochs=2)
    assert np.isfinite(weights(trainer)).all()


# Not a number


def test_a_loss_that_explodes_raises_and_puts_the_best_weights_back():
    trainer = make(nn.optim.SGD, lr=0.1)
    trainer.fit((X, Y), epochs=3)
    after_two = make(nn.optim.SGD, lr=0.1)
    after_two.fit((X, Y), epochs=2)
    trainer.optimizer.param_groups[0]["lr"] = 1e200
    with pytest.raises(ac.errors.NonFiniteError) as caught:
        trainer.fit((X, Y), epochs=10)
    for words in ("the loss became", "at step 5 (epoch 5)", "The weights are put back: best so far (loss ", "clip_norm"):
        assert words in str(caught.value)
    assert trainer.evaluate((X, Y))["loss"] <= trainer.history.columns["loss"][2]
    assert len(trainer.history) == 4


def test_nan_in_the_data_leaves_the_start():
    trainer = make()
    before = weights(trainer)
    with pytest.raises(ac.errors.NonFiniteError, match="became nan at step 2 .*those of the start"):
        trainer.fit((np.where(np.arange(23)[:, None] == 9, np.nan, X), Y), epochs=2, batch_size=5, shuffle=False)
    assert np.array_equal(weights(trainer), before)


def test_the_step_that_ruins_all_is_the_last_one():
    trainer = make(nn.optim.SGD, lr=1e200)
    before = weights(trainer)
    with pytest.raises(ac.errors.NonFiniteError):
        trainer.fit((X, Y), epochs=1)
    assert np.array_equal(weights(trainer), before)


def test_a_validation_loss_that_is_no_number():
    with pytest.raises(ac.errors.NonFiniteError, match="the validation loss became nan"):
        make().fit((X, Y), validation=(X, Y * np.nan), epochs=1)


def test_with_a_validation_the_best_is_the_best_there():
    trainer = make(nn.optim.SGD, lr=0.1)
    trainer.fit((X, Y), validation=VALIDATION, epochs=3)
    best = trainer.history.best()["val_loss"]
    trainer.optimizer.param_groups[0]["lr"] = 1e200
    with pytest.raises(ac.errors.NonFiniteError):
        trainer.fit((X, Y), validation=VALIDATION, epochs=9)
    assert trainer.evaluate(VALIDATION)["loss"] == pytest.approx(best, rel=0.2)


# What is refused


def test_a_loss_that_cannot_be_trained():
    for loss, error, words in [
        (lambda y, t: y - t, ac.errors.ShapeError, r"one number, not of shape \(23, 1\)"),
        (lambda y, t: 1.0, ac.errors.ShapeError, "type float"),
        (lambda y, t: ac.tensor(1.0), ac.errors.GradientError, "depends on no parameter"),
    ]:
        trainer = make()
        trainer = nn.Trainer(trainer.model, loss, trainer.optimizer, compile=False)
        with pytest.raises(error, match=words):
            trainer.fit((X, Y), epochs=1)


def test_data_that_cannot_be_trained_on():
    for data, error, words in [
        ((X, Y[:5]), ac.errors.ShapeError, "unequal lengths: 23, 5"),
        ((X[:0], Y[:0]), ValueError, "the data set is empty"),
        (X, ValueError, "no target"),
    ]:
        with pytest.raises(error, match=words):
            make().fit(data, epochs=1)
    with pytest.raises(ValueError, match="the data set is empty"):
        make().fit((X, Y), validation=(X[:0], Y[:0]), epochs=1)
    with pytest.raises(ValueError, match="compile is"):
        make(compile="maybe")


@pytest.mark.parametrize("name, made", [("loss", "MSELoss()"), ("optimizer", "Adam(model.parameters(), lr=1e-3)")])
def test_a_class_in_place_of_what_is_made_of_it(name, made):
    parts = {"model": nn.Linear(1, 1), "loss": nn.mse_loss, "optimizer": None}
    parts[name] = {"loss": nn.MSELoss, "optimizer": nn.optim.Adam}[name]
    told = f"Trainer: the {name} is the class {parts[name].__name__}. Make one of it, as in {made}"
    with pytest.raises(TypeError, match=re.escape(told)):
        nn.Trainer(**parts)


def test_parts_that_cannot_be_trained_are_told_at_once():
    model = nn.Linear(2, 1)
    sgd, other = nn.optim.SGD(model.parameters()), nn.optim.SGD(nn.Linear(2, 1).parameters())
    for parts, error, words in [
        ((model, sgd, nn.mse_loss), TypeError, r"SGD is no loss. Write Trainer\(model, loss, optimizer\)"),
        ((model, nn.mse_loss, "adam"), TypeError, "str is no optimizer"),
        ((lambda x: x, nn.mse_loss, sgd), TypeError, "<lambda> is no model"),
        ((model, nn.mse_loss, other), ValueError, r"no parameter of the model. Make it of them: SGD\(model.parameters\(\)\)"),
    ]:
        with pytest.raises(error, match=words):
            nn.Trainer(*parts)
    nn.Trainer(model, nn.mse_loss, other, rule=lambda model, loss, batch: (loss(model(batch[0]), batch[1]), None))


@pytest.mark.parametrize(
    "options, error, words",
    [
        ({"epochs": 1.5}, TypeError, "Trainer.fit: epochs is a whole number, not 1.5"),
        ({"epochs": "3"}, TypeError, "epochs is a whole number, not '3'"),
        ({"epochs": -1}, ValueError, "epochs must not be negative, got -1"),
        ({"epochs": 1, "batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
    ],
)
def test_numbers_of_epochs_and_of_a_batch_are_whole(options, error, words):
    with pytest.raises(error, match=words):
        make().fit((X, Y), **options)


# Compiled steps


def test_a_compiled_training_gives_the_same_numbers():
    eager, compiled = make(), make(compile="auto")
    eager.fit((X, Y), epochs=4, batch_size=5)
    compiled.fit((X, Y), epochs=4, batch_size=5)
    assert compiled.history.columns["loss"] == pytest.approx(eager.history.columns["loss"], rel=1e-12)
    assert weights(compiled) == pytest.approx(weights(eager), rel=1e-12)
    assert compiled.why_not_compiled == ""
    assert eager.why_not_compiled == "compile=False"


class Refusing:
    """A compiled function that refuses from its second call on."""

    def __init__(self, function, backend):
        self.function, self.calls = function, 0

    def __call__(self, *args):
        self.calls += 1
        if self.calls > 1:
            raise ac.errors.CaptureError("the loss reads\n  values")
        return self.function(*args)


def test_a_step_that_cannot_be_captured_runs_as_it_is_written_and_one_line_says_why(monkeypatch):
    monkeypatch.setattr(ac, "compile", Refusing, raising=False)
    eager, fallen = make(), make(compile="auto")
    eager.fit((X, Y), epochs=3)
    with pytest.warns(RuntimeWarning, match="^Trainer: steps run uncompiled. the loss reads values$") as told:
        fallen.fit((X, Y), epochs=3)
    assert len(told) == 1
    assert np.array_equal(weights(fallen), weights(eager))
    assert fallen.why_not_compiled == "the loss reads values"
    with pytest.raises(ac.errors.CaptureError):
        make(compile=True).fit((X, Y), epochs=3)


def test_without_a_compiler_it_trains_silently(monkeypatch):
    monkeypatch.delattr(ac, "compile", raising=False)
    trainer = make(compile="auto")
    trainer.fit((X, Y), epochs=2)
    assert trainer.why_not_compiled == "this autograd_core has no compile"


# Progress and metrics


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_shows_loss_metric_and_time_left_and_is_silent_elsewhere():
    pytest.importorskip("tqdm")
    with redirect_stderr(Terminal()) as shown:
        make(progress=None, metrics=[mean_absolute_error]).fit((X, Y), validation=VALIDATION, epochs=3, batch_size=5)
    last = shown.getvalue().split("\r")[-1]
    assert "Adam: 15/15" in last
    assert "left, loss " in last
    assert "mean_absolute_error" in shown.getvalue()
    with redirect_stderr(io.StringIO()) as silent:
        make(progress=None).fit((X, Y), epochs=3)
    assert silent.getvalue() == ""


def test_accuracy_counts_what_is_right():
    assert accuracy([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], [0, 1, 1, 1]) == 0.75
    assert accuracy([[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [1.0, 0.0]]) == 0.5
    assert accuracy([[2.0], [-1.0]], [[1.0], [1.0]]) == 0.5
    assert accuracy([2.0, -1.0], [1, 0]) == 1.0
    with pytest.raises(ac.errors.ShapeError, match="do not fit"):
        accuracy([[1.0, 0.0]], [0, 1])
    with pytest.raises(ac.errors.ShapeError, match="must be equal"):
        mean_absolute_error([1.0], [[1.0]])


def test_classes_are_learned():
    x = np.concatenate([rng.normal(-1.0, 0.3, (20, 2)), rng.normal(1.0, 0.3, (20, 2))])
    labels = np.repeat([0, 1], 20)
    model = nn.Linear(2, 2, generator=0)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
    trainer = nn.Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=[accuracy], compile=False)
    assert trainer.fit((x, labels), epochs=30, batch_size=10).rows[-1]["accuracy"] == 1.0
