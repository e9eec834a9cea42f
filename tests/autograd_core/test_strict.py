"""Within `strict` no array leaves a Tensor; the engine itself needs none to."""

import pickle

import numpy as np
import pytest

import autograd_core as ac
import autograd_core.testing.samples
from autograd_core.dtypes import differentiable
from autograd_core.testing.declared import declarations
from autograd_core.trees import flatten

READERS = {
    "x.numpy()": lambda x: x.numpy(),
    "np.asarray": np.asarray,
    "a list": lambda x: np.array([x[0], x[1]]),
    "a view of NumPy's": lambda x: np.lib.stride_tricks.as_strided(x),
    "vectorize": lambda x: np.vectorize(abs)(x),
    "masked arrays": np.ma.masked_array,
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_no_array_leaves_a_tensor(name, requires_grad):
    x = ac.tensor([1.0, 2.0], requires_grad=requires_grad)
    with pytest.raises(ac.GradientError, match=r"reads the values of a Tensor within ac.strict\(\)"), ac.strict():
        READERS[name](x)
    READERS[name](x)


def test_numbers_and_text_may_be_read():
    x = ac.tensor([[1.0, 2.0]], requires_grad=True)
    with ac.strict():
        assert x.tolist() == [[1.0, 2.0]]
        assert x[0, 0].item() == float(x[0, 0]) == 1.0
        assert 2.0 in x
        assert str(x) == "tensor([[1., 2.]], requires_grad=True)"
        assert np.array_repr(x)
        assert isinstance(np.concatenate([x, np.ones((1, 2))]), ac.Tensor)
        assert np.allclose(x, x)
        assert pickle.loads(pickle.dumps(x)).tolist() == x.tolist()


def test_it_ends_with_the_block_and_is_one_of_its_context():
    x = ac.tensor([1.0])
    with pytest.raises(ZeroDivisionError), ac.strict():
        raise ZeroDivisionError
    assert x.numpy().tolist() == [1.0]

    @ac.strict()
    def f(x):
        return np.sum(np.asarray(x))

    for _ in range(2):
        with pytest.raises(ac.GradientError):
            f(x)
    with ac.strict(), ac.strict():
        pass
    assert x.numpy().tolist() == [1.0]


@pytest.mark.parametrize("name", sorted(declarations))
def test_the_engine_itself_reads_no_array(name):
    for sample in declarations[name].samples:
        given = [np.asarray(x) if isinstance(x, (np.generic, float, complex)) else x for x in sample.inputs]
        moving = [k for k, x in enumerate(given) if isinstance(x, np.ndarray) and differentiable(x.dtype)]

        def f(*xs, sample=sample, given=given, moving=moving):
            args = list(given)
            for k, x in zip(moving, xs):
                args[k] = x
            return [y for y in map(ac.as_tensor, flatten(sample.f(*args))[0]) if differentiable(y.dtype)]

        xs = [ac.tensor(given[k]) for k in moving]
        with np.errstate(all="ignore"), ac.strict():
            if sample.order == 0 or not moving:
                sample.f(*given)
                continue
            ys, pullback = ac.vjp(f, *xs)
            pullback([ac.ones_like(y) for y in ys])
            ac.jvp(f, xs, [ac.ones_like(x) for x in xs])
