"""Random numbers: repeatable, of the right distribution, differentiable in location and scale."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

import autograd_core as ac
from autograd_core.errors import DTypeError, GradientError, ShapeError
from autograd_core.random import Generator
from autograd_core.tape import Tape

N = 20_000


def test_the_same_seed_gives_the_same_numbers():
    a, b = Generator(3), Generator(3)
    for draw in ("normal", "uniform", "exponential"):
        np.testing.assert_array_equal(getattr(a, draw)(size=5).numpy(), getattr(b, draw)(size=5).numpy())
    assert a.state == b.state == {"seed": 3, "position": 3}
    assert not np.array_equal(a.normal(size=5).numpy(), a.normal(size=5).numpy())
    assert not np.array_equal(Generator(1).normal(size=5).numpy(), Generator(2).normal(size=5).numpy())


def test_a_state_can_be_set_again():
    rng = Generator(0)
    rng.normal(size=3)
    state = rng.state
    first = rng.choice(10, size=4, replace=False).numpy()
    rng.state = state
    np.testing.assert_array_equal(rng.choice(10, size=4, replace=False).numpy(), first)


@pytest.mark.parametrize(
    "draw, distribution",
    [
        (lambda r: r.normal(1.0, 2.0, size=N), scipy.stats.norm(1.0, 2.0)),
        (lambda r: r.uniform(-1.0, 3.0, size=N), scipy.stats.uniform(-1.0, 4.0)),
        (lambda r: r.exponential(0.5, size=N), scipy.stats.expon(scale=0.5)),
    ],
)
def test_distributions(draw, distribution):
    assert scipy.stats.kstest(draw(Generator(11)).numpy(), distribution.cdf).pvalue > 1e-3


def test_streams_of_neighbouring_positions_are_independent():
    rng = Generator(0)
    rows = np.array([rng.normal(size=50).numpy() for _ in range(400)])
    assert abs(np.corrcoef(rows[:-1].ravel(), rows[1:].ravel())[0, 1]) < 0.03
    assert abs(rows.mean()) < 0.03


def test_discrete_draws():
    rng = Generator(5)
    assert abs(rng.bernoulli(0.3, size=N).numpy().mean() - 0.3) < 0.02
    values, counts = np.unique(rng.integers(2, 6, size=N).numpy(), return_counts=True)
    assert values.tolist() == [2, 3, 4, 5]
    assert scipy.stats.chisquare(counts).pvalue > 1e-3
    picks = rng.choice(3, size=N, p=[0.2, 0.0, 0.8]).numpy()
    assert not (picks == 1).any()
    assert abs((picks == 0).mean() - 0.2) < 0.02
    assert sorted(rng.permutation(7).tolist()) == list(range(7))
    assert len(set(rng.choice(9, size=9, replace=False).tolist())) == 9
    assert set(rng.choice(4, size=2, replace=False, p=[0.5, 0.5, 0.0, 0.0]).tolist()) == {0, 1}


def test_a_sample_without_repeats_follows_its_weights():
    rng = Generator(2)
    first = np.array([rng.choice(3, size=1, replace=False, p=[0.1, 0.2, 0.7]).item() for _ in range(3000)])
    np.testing.assert_allclose(np.bincount(first) / 3000, [0.1, 0.2, 0.7], atol=0.03)


@pytest.mark.parametrize("replace", [True, False])
def test_a_choice_with_weights_follows_from_its_draw_by_ops(replace):
    """So a repetition with another draw chooses anew."""
    tape = Tape("test", [])
    y = tape.run(lambda: Generator(0).choice(5, 3, replace, p=[0.1, 0.2, 0.3, 0.2, 0.2]))
    assert tape.needed([tape.slot(y)])[0].op.name == "draw"


def test_location_and_scale_are_differentiated():
    def f(loc, scale):
        return Generator(4).normal(loc, scale, size=(2, 3))

    ac.testing.gradcheck(f, (np.ones(3), np.array([[1.0], [2.0]])), order=2)
    ac.testing.gradcheck(lambda low, high: Generator(4).uniform(low, high, size=3), (0.5, np.array(2.0)))
    ac.testing.gradcheck(lambda scale: Generator(4).exponential(scale, size=3), 0.7)
    a = ac.tensor([1.0, 2.0, 3.0], requires_grad=True)
    ac.sum(Generator(0).choice(a, size=50)).backward()
    assert a.grad.numpy().sum() == 50
    ac.testing.gradcheck(lambda x: Generator(0).permutation(x), np.arange(4.0))


def test_shapes_and_dtypes():
    rng = Generator(0)
    assert rng.normal().shape == ()
    assert rng.normal(np.zeros((2, 1)), np.ones(3)).shape == (2, 3)
    assert rng.normal(size=0).shape == (0,)
    assert rng.normal(size=2, dtype=np.float32).dtype == np.float32
    assert rng.normal(ac.tensor(1.0, dtype=np.float32), size=2).dtype == np.float32
    assert rng.uniform(size=2, dtype="float16").dtype == np.float16
    with ac.default_dtype("float32"):
        assert rng.normal(size=2).dtype == np.float32
    assert rng.choice(np.arange(6.0).reshape(2, 3), size=4, axis=1).shape == (2, 4)


def test_the_default_generator():
    ac.random.seed(9)
    first = ac.random.normal(size=3).numpy()
    ac.random.seed(9)
    np.testing.assert_array_equal(ac.random.normal(size=3).numpy(), first)
    assert repr(ac.random.default_generator) == "Generator(seed=9, position=1)"


def test_one_draw_serves_all_examples_of_a_batch():
    y = ac.vmap(lambda x: x * Generator(1).normal(size=2))(np.ones((3, 2))).numpy()
    assert (y == y[0]).all()


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda r: r.normal(scale=-1.0), ValueError, "normal: a scale cannot be negative"),
        (lambda r: r.exponential(-1.0), ValueError, "exponential: a scale cannot be negative"),
        (lambda r: r.normal(np.zeros(2), np.zeros(3)), ShapeError, "do not broadcast"),
        (lambda r: r.normal(np.zeros(2), size=3), ShapeError, "do not broadcast to size"),
        (lambda r: r.normal(size=2, dtype=int), DTypeError, "real floating dtype"),
        (lambda r: r.normal(size=-1), ShapeError, "lengths cannot be negative"),
        (lambda r: r.bernoulli(ac.tensor(0.5, requires_grad=True)), GradientError, "no derivative by its probabilities"),
        (lambda r: r.choice(3, p=ac.tensor([0.5, 0.5, 0.0], requires_grad=True)), GradientError, "choice"),
        (lambda r: r.choice(3, 4, replace=False), ValueError, "4 of 3 elements cannot be chosen without repeats"),
        (lambda r: r.choice(2, 2, replace=False, p=[1.0, 0.0]), ValueError, "fewer have a probability above 0"),
        (lambda r: r.choice(0), ValueError, "1 of 0 elements"),
        (lambda r: r.choice(2, p=[0.5, 0.6]), ValueError, "add up to 1"),
        (lambda r: r.integers(3, 3), ValueError, "nothing lies from 3 to before 3"),
        (lambda r: Generator(-1), ValueError, "a seed is a whole number from 0"),
        (lambda r: Generator(1.5), TypeError, "integer"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(Generator(0))
