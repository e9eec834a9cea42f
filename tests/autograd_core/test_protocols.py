"""NumPy's and SciPy's functions give Tensors or raise, never an array without its gradient; DLPack."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import autograd_core as ac
from autograd_core.errors import GradientError

A = np.array([[1.0, 2.0], [3.0, 4.5]])


@pytest.fixture
def x():
    return ac.tensor(A, requires_grad=True)


CALLS = {
    "np.sin": np.sin,
    "np.concatenate": lambda x: np.concatenate([x, np.ones((1, 2))]),
    "np.concatenate, array first": lambda x: np.concatenate([np.ones((1, 2)), x]),
    "scipy erf": scipy.special.erf,
    "scipy gammaln": scipy.special.gammaln,
    "np.add.reduce": np.add.reduce,
    "np.add.reduce of all": lambda x: np.add.reduce(x, axis=None),
    "np.maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
    "np.multiply.accumulate": lambda x: np.multiply.accumulate(x, axis=1),
    "np.multiply.outer": lambda x: np.multiply.outer(x[0], x[1]),
    "np.add with dtype": lambda x: np.add(x, 1, dtype=np.float32),
    "keepdims": lambda x: np.sum(x, axis=0, keepdims=True),
    "linalg": np.linalg.det,
    "solve": lambda x: np.linalg.solve(x, np.ones(2)),
    "fft": np.fft.fft,
    "where": lambda x: np.where(x > 2, x, 0.0),
    "einsum": lambda x: np.einsum("ij,jk->ik", x, x),
    "matmul": lambda x: np.matmul(x, A),
    "dot": lambda x: np.dot(A, x),
    "scalar on the left": lambda x: np.float64(2.0) * x,
    "array on the left": lambda x: np.ones(2) - x,
    "array @ tensor": lambda x: A @ x,
    "power": lambda x: np.ones(2) ** x,
    "named first argument": lambda x: np.mean(a=x, axis=0),
    "out=None": lambda x: np.sum(x, out=None),
    "std": lambda x: np.std(x, ddof=1),
    "clip": lambda x: np.clip(x, 1.5, 4.0),
    "sort": lambda x: np.sort(x, axis=0),
    "median": np.median,
    "diag": np.diag,
    "trace": np.trace,
    "pad": lambda x: np.pad(x, 1),
    "kron": lambda x: np.kron(x, A),
}


@pytest.mark.parametrize("name", CALLS)
def test_functions_of_numpy_give_tensors_with_its_values(name, x):
    y, expected = CALLS[name](x), CALLS[name](A)
    assert isinstance(y, ac.Tensor)
    assert y.requires_grad
    assert y.dtype == expected.dtype
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda x: np.packbits(x), "numpy.packbits is not differentiable here, and would drop the gradient"),
        (lambda x: np.apply_along_axis(np.sum, 0, x), "numpy.apply_along_axis is not differentiable here"),
        (lambda x: np.add(x, 1, out=np.zeros((2, 2))), "numpy.add with out"),
        (lambda x: np.add(x, 1, where=np.eye(2, dtype=bool)), "numpy.add with where"),
        (lambda x: np.add.at(x, [0], 1.0), "numpy.add.at"),
        (lambda x: np.add.reduceat(x, [0, 1]), "numpy.add.reduceat"),
    ],
)
def test_what_is_not_supported_raises(call, text, x):
    with pytest.raises(TypeError, match=text):
        call(x)


def test_the_nearest_function_is_named(x):
    with pytest.raises(TypeError, match="The nearest supported function is"):
        np.histogram2d(x[0], x[1])


def test_questions_about_an_array(x):
    assert np.shape(x) == (2, 2)
    assert np.ndim(x) == 2
    assert np.size(x) == 4
    assert not np.iscomplexobj(x)
    assert np.result_type(x, np.float32) == np.float64
    assert np.allclose(x, A)
    assert np.array_equal(x, A)


def test_shapes_may_be_asked_within_vmap():
    assert ac.vmap(lambda x: x * np.ndim(x) * np.size(x))(A).tolist() == (2 * A).tolist()


def test_dtypes_follow_nep_50():
    x = ac.tensor(A, dtype=np.float32, requires_grad=True)
    y = x * np.float64(2.0)
    assert y.dtype == np.float64
    ac.sum(y).backward()
    assert x.grad.dtype == np.float32
    assert (x * 2.0).dtype == np.float32
    assert (np.float32(2.0) * x).dtype == np.float32


# -- DLPack --------------------------------------------------------------------------------------------------------------


def test_dlpack_shares_memory_with_constants():
    torch = pytest.importorskip("torch")
    x = ac.tensor(A)
    y = torch.from_dlpack(x)
    y[0, 0] = 9.0
    assert x[0, 0].item() == 9.0
    z = ac.from_dlpack(torch.ones(2))
    assert isinstance(z, ac.Tensor)
    assert z.dtype == np.float32
    assert np.from_dlpack(ac.tensor(A)).tolist() == A.tolist()


def test_a_graph_keeps_what_it_saved_when_another_library_writes():
    x = ac.tensor(A)
    shared = np.from_dlpack(x)
    w = ac.tensor(2.0, requires_grad=True)
    y = ac.sum(w * x)
    base = shared.base if isinstance(shared.base, np.ndarray) else shared
    if base.flags.writeable:
        base[...] = 0.0
    y.backward()
    assert w.grad.item() == A.sum()


def test_dlpack_refuses_what_would_drop_a_gradient(x):
    with pytest.raises(GradientError, match="Use x.detach"):
        np.from_dlpack(x)


def test_numpys_own_argument_names():
    x = ac.tensor(A, requires_grad=True)
    assert np.dot(x, b=A).tolist() == (A @ A).tolist()
    assert np.flip(m=x, axis=0).tolist() == A[::-1].tolist()
    assert np.compress([True, False], a=x, axis=0).tolist() == A[:1].tolist()
    assert np.max(x, 0, None, True).shape == (1, 2)
    assert np.tile(A=x, reps=2).shape == (2, 4)
    with pytest.raises(TypeError, match="numpy.max with out"):
        np.max(x, 0, np.zeros(2))


def test_a_dtype_is_that_of_the_computation():
    assert np.add(ac.tensor(np.int8([100])), np.int8([100]), dtype=np.int64).tolist() == [200]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ac.sum(ac.as_tensor(np.array([x[0], x[1]]))),
        lambda x: ac.sum(x) + np.sum(np.asarray(x)),
        lambda x: ac.sum(np.vectorize(lambda v: v * v)(x)),
        lambda x: scipy.special.logsumexp(x) + 0.0 * ac.sum(x),
    ],
)
def test_values_read_within_a_transform_do_not_drop_the_gradient(f):
    for derivative in (ac.grad(f), lambda x: ac.jvp(f, (x,), (x,))):
        with pytest.raises(GradientError, match="drop its gradient"):
            derivative(np.array([1.0, 2.0]))


def test_writing_into_an_array_of_numpy_within_a_transform():
    def f(x):
        out = np.zeros(2)
        out[0] = x[0] ** 2
        return ac.sum(out)

    with pytest.raises((GradientError, ValueError)):  # NumPy wraps the first into the second
        ac.grad(f)(np.array([1.0, 2.0]))
    assert np.array([ac.tensor(2.0, requires_grad=True)]).tolist() == [2.0]  # outside, as matplotlib needs it
