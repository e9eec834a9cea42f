"""Questions about arrays answer with numbers, tuples and booleans, as NumPy's; what looks at values cannot be captured."""

import numpy as np
import pytest

import autograd_core as ac

A = np.array([[1.0, 2.0, np.nan], [4.0, -0.0, np.inf]])
NEAR = A * (1 + 1e-9)
PAIRS = [
    (A, A),
    (A, NEAR),
    (A, A.T),
    (A[0, :2], A[:, :2]),
    (A[:, :2], A[0, :2]),
    (A[:1], A[0]),
    (np.zeros((0, 2)), np.zeros((0, 2))),
    (np.zeros((0, 2)), np.zeros((2, 0))),
    (np.array([1, 2]), np.array([1.0, 2.0])),
    (np.array([1 + 1j, np.nan]), np.array([1 + 1j, np.nan])),
    (3.0, 3),
]


@pytest.mark.parametrize("x, z", PAIRS)
@pytest.mark.parametrize("equal_nan", [False, True])
def test_equal_and_close_are_numpys(x, z, equal_nan):
    assert ac.array_equal(x, z, equal_nan) is bool(np.array_equal(x, z, equal_nan))
    assert ac.array_equiv(x, z) is bool(np.array_equiv(x, z))
    assert np.array_equal(ac.tensor(x), z, equal_nan=equal_nan) is bool(np.array_equal(x, z, equal_nan))
    try:
        np.broadcast_shapes(np.shape(x), np.shape(z))
    except ValueError:
        with pytest.raises(ac.ShapeError, match="isclose: shapes .* do not broadcast"):
            ac.allclose(x, z)
        return
    assert ac.allclose(x, z, equal_nan=equal_nan) is bool(np.allclose(x, z, equal_nan=equal_nan))
    assert ac.allclose(x, z, rtol=0.0, atol=0.0) is bool(np.allclose(x, z, rtol=0.0, atol=0.0))


@pytest.mark.parametrize("x", [A, A[0], 2.0, [[1, 2], [3, 4]], np.zeros((2, 0, 3), np.complex64), np.float32(1.0)])
def test_shapes_and_dtypes_are_numpys(x):
    for given in (x, ac.tensor(x)):
        assert ac.shape(given) == np.shape(x)
        assert ac.ndim(given) == np.ndim(x)
        assert ac.size(given) == np.size(x)
        assert ac.iscomplexobj(given) is np.iscomplexobj(x)
        assert ac.isrealobj(given) is np.isrealobj(x)
    if np.ndim(x) > 1:
        assert ac.size(x, 1) == np.size(x, 1)
        assert ac.size(x, (0, -1)) == np.shape(x)[0] * np.shape(x)[-1]
        with pytest.raises(ac.ShapeError, match="size: axis 7 is out of range"):
            ac.size(x, 7)


def test_promotion_and_broadcasting():
    x = ac.tensor([1.0], dtype=np.float32)
    assert ac.result_type(x, 1.0) == np.float32
    assert ac.result_type(x, np.float64(1.0)) == np.float64
    assert ac.result_type(x, np.int64, "complex64") == np.complex128
    assert ac.broadcast_shapes((2, 1), 3, (1, 1, 1)) == (1, 2, 3)
    with pytest.raises(ac.ShapeError, match=r"broadcast_shapes: shapes \(2,\) and \(3,\) do not broadcast"):
        ac.broadcast_shapes((2,), (3,))


@pytest.mark.parametrize("tol", [100, 1e4, 1e-3, 0.5])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_numbers_that_are_almost_real(tol, dtype):
    for imaginary in (0.0, 1e-15, 1e-13, 1e-5, 1e-2, 1.0):
        x = np.array([1.0 + imaginary * 1j, 2.0], dtype)
        y = ac.real_if_close(x, tol)
        assert y.dtype == np.real_if_close(x, tol).dtype
        np.testing.assert_array_equal(y.numpy(), np.real_if_close(x, tol))
    x = ac.tensor([1.0], requires_grad=True)
    assert ac.real_if_close(x) is x
    gradient = ac.grad(lambda x: ac.sum(ac.real_if_close(x * (1.0 + 0j)) ** 2))(x)
    assert gradient.tolist() == [2.0]


@pytest.mark.parametrize(
    "question",
    [
        lambda x: ac.allclose(x, x),
        lambda x: ac.array_equal(x, x),
        lambda x: ac.array_equiv(x, x),
        lambda x: ac.real_if_close(x * 1j),
    ],
)
def test_a_question_about_values_is_refused_where_these_differ_from_example_to_example(question):
    def f(x):
        question(x)
        return x

    with pytest.raises(ac.CaptureError):
        ac.vmap(f)(np.ones((2, 3)))
    assert ac.vmap(lambda x: x * ac.size(x) * ac.ndim(x) * len(ac.shape(x)))(np.ones((2, 3))).tolist() == [[3.0] * 3] * 2
