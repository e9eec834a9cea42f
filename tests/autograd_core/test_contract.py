"""matmul, einsum and their kin: values as in NumPy, derivatives to second order, what is saved, errors."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import ShapeError
from autograd_core.ops.contract import Einsum, contraction_path, vdot
from autograd_core.ops.matmul import Matmul
from autograd_core.testing import gradcheck

RNG = np.random.default_rng(0)


def real(*shape):
    return RNG.normal(size=shape)


def complex_(*shape):
    return RNG.normal(size=shape) + 1j * RNG.normal(size=shape)


def agrees(f, reference, *xs):
    """f has the values and the dtype of the NumPy function, and right derivatives."""
    expected = np.asarray(reference(*xs))
    y = f(*map(ac.tensor, xs))
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13, atol=1e-13)
    assert gradcheck(f, xs, order=2)


# -- matmul ------------------------------------------------------------------------------------------------

SMALL = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (3, 2)), ((2, 2, 3), (3,))]
SMALL += [((3,), (2, 3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2))]
LARGE = [((3, 1, 2, 3), (2, 3, 2)), ((2, 2, 3), (3, 1, 3, 2)), ((3, 2, 2, 3), (3,)), ((3,), (2, 2, 3, 2))]
LARGE += [((2, 2, 3), (1, 3, 2)), ((1, 2, 2, 3), (3, 2)), ((2, 2, 3), (2, 3, 1)), ((1, 1), (1, 1))]
EMPTY = [((2, 0), (0, 3)), ((0, 2), (2, 3)), ((4, 0, 3), (3, 2)), ((4, 2, 0), (0, 2)), ((0,), (0,)), ((0, 2, 3), (3,))]


@pytest.mark.parametrize("x, z", SMALL + LARGE + EMPTY)
def test_matmul(x, z):
    agrees(ac.matmul, np.matmul, real(*x), real(*z))


@pytest.mark.parametrize("x, z", SMALL)
def test_matmul_of_complex_numbers(x, z):
    agrees(ac.matmul, np.matmul, complex_(*x), complex_(*z))
    agrees(ac.matmul, np.matmul, real(*x), complex_(*z))
    agrees(ac.matmul, np.matmul, complex_(*x), real(*z))


@pytest.mark.parametrize("x, z", SMALL + LARGE)
def test_matmul_with_one_constant_side(x, z):
    x, z = real(*x), real(*z)
    assert gradcheck(lambda x: ac.matmul(x, z), x, order=2)
    assert gradcheck(lambda z: ac.matmul(x, z), z, order=2)


def test_matmul_as_an_operator():
    x, z = real(2, 3), real(3, 4)
    for y in (ac.tensor(x) @ ac.tensor(z), ac.tensor(x) @ z, x @ ac.tensor(z), ac.tensor(x) @ z.tolist()):
        np.testing.assert_allclose(y.numpy(), x @ z, rtol=1e-14)


def test_matmul_on_strided_inputs():
    x, z = real(5, 6, 4), real(8, 3)
    for a in (x[::2], x.transpose(1, 0, 2), x[..., ::-1]):
        agrees(ac.matmul, np.matmul, a, z[::2])


def test_matmul_takes_vectors_to_third_order():
    assert gradcheck(lambda x, z: ac.matmul(x * x, z * z * x[0]), (real(2), real(2, 2)), order=3)


@pytest.mark.parametrize("shape", [(2, 3), (5, 2, 3)])
def test_matmul_saves_only_the_other_side(shape):
    x, z = ac.tensor(real(*shape), requires_grad=True), ac.tensor(real(3, 4), requires_grad=True)
    held = lambda y: [isinstance(s, np.ndarray) for s in y.grad_fn.saved]
    assert held(x @ z) == [False, True, True]
    assert held(x @ z.detach()) == [False, False, True]
    assert held(x.detach() @ z) == [False, True, False]


def test_matmul_reads_what_it_declares_to_use():
    op, x, z = Matmul(), real(5, 2, 3), real(3, 4)
    g = op(x, z)
    for i in (0, 1):
        saved = [v if j in op.uses(i) else ac.primitive.Spec(v.shape, v.dtype) for j, v in enumerate((x, z))]
        assert op.vjp(i, g, None, *saved).shape[-2:] == (x, z)[i].shape[-2:]
        assert np.array_equal(op.jvp(i, (x, z)[i], None, *saved), g)


def test_matmul_keeps_float32_and_integers():
    x = ac.tensor(real(2, 3), dtype=np.float32, requires_grad=True)
    y = x @ np.ones((3, 2), np.float32)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32
    assert (ac.tensor([[1, 2]]) @ ac.tensor([[3], [4]])).tolist() == [[11]]


WRONG = [
    ((3, 4), (5, 2), r"matmul: inner sizes differ: \(3, 4\) @ \(5, 2\)\. Transpose one side\?"),
    ((3,), (4,), r"matmul: inner sizes differ: \(3,\) @ \(4,\)"),
    ((5, 2, 3), (4,), r"matmul: inner sizes differ"),
    ((5, 2, 3), (2, 3), r"matmul: inner sizes differ"),
    ((2, 2, 3), (5, 3, 4), r"matmul: batch axes \(2,\) and \(5,\) do not broadcast"),
    ((), (3,), r"matmul: each side needs an axis: \(\) @ \(3,\)"),
    ((2, 3), (), r"matmul: each side needs an axis"),
]


@pytest.mark.parametrize("x, z, message", WRONG)
def test_matmul_refuses(x, z, message):
    with pytest.raises(ShapeError, match=message):
        ac.matmul(real(*x), real(*z))


# -- einsum ------------------------------------------------------------------------------------------------

ONE = [("ii->", (3, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)), ("ij->ji", (2, 3)), ("ij->j", (2, 3)), ("ij->", (2, 3))]
ONE += [("iij->j", (3, 3, 2)), ("iii->i", (2, 2, 2)), ("iijj->ji", (2, 2, 3, 3)), ("bA", (2, 3)), ("->", ())]
ONE += [
    ("...->...", (2, 3)),
    ("i...->...", (2, 3)),
    ("...i->...", (2, 3)),
    ("...ii->...i", (2, 3, 3)),
    ("ij->i", (2, 0)),
]
TWO = [("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("...ij,...jk", (5, 2, 3), (3, 4))]
TWO += [("...ij,...jk->...ik", (5, 1, 2, 3), (6, 3, 4)), ("i,j", (2,), (3,)), ("i,i", (3,), (3,)), (",", (), ())]
TWO += [("ij,ij->i", (2, 3), (2, 3)), ("ij,k->j", (2, 3), (4,)), ("bij,bkj->bik", (5, 2, 3), (5, 4, 3))]
TWO += [
    ("ii,ij->j", (3, 3), (3, 2)),
    ("ij,jj->i", (2, 3), (3, 3)),
    ("ij,j->i", (3, 4), (1,)),
    ("i,ii->i", (3,), (3, 3)),
]
TWO += [
    ("...i,...i", (2, 3), (1, 3)),
    (" i j , j k -> k i", (2, 3), (3, 4)),
    (",i->i", (), (3,)),
    ("ij,kl->", (2, 3), (4, 2)),
]
TWO += [("ij,jk->ik", (2, 0), (0, 3)), ("aij,bjk->abik", (2, 3, 4), (5, 4, 2)), ("ijk,ikj->", (2, 3, 4), (2, 4, 3))]
TWO += [("ij,i->ij", (2, 3), (2,)), ("...,i", (2, 3), (3,)), ("ii,jj->", (3, 3), (2, 2)), ("ij,ij->ji", (2, 1), (1, 3))]
MANY = [("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("i,i,i->", (3,), (3,), (3,)), ("i,j,k->", (2,), (3,), (4,))]
MANY += [
    ("ij,ij,jk,k->i", (2, 3), (2, 3), (3, 4), (4,)),
    ("...i,...j,ij->...", (2, 3), (2, 4), (3, 4)),
    ("i,i,i->i", (3,), (1,), (3,)),
]


@pytest.mark.parametrize("subscripts, shapes", [(s, shapes) for s, *shapes in ONE + TWO + MANY])
def test_einsum(subscripts, shapes):
    agrees(lambda *xs: ac.einsum(subscripts, *xs), lambda *xs: np.einsum(subscripts, *xs), *(real(*s) for s in shapes))


def test_einsum_of_complex_numbers():
    f = lambda *xs: ac.einsum("ij,jk,kk->i", *xs)
    agrees(f, lambda *xs: np.einsum("ij,jk,kk->i", *xs), complex_(2, 3), complex_(3, 2), complex_(2, 2))
    agrees(lambda *xs: ac.einsum("ij,ij->", *xs), lambda *xs: np.einsum("ij,ij->", *xs), real(2, 3), complex_(2, 3))


def test_einsum_with_lists_of_numbers():
    x, z = real(2, 3), real(3, 2)
    agrees(lambda x, z: ac.einsum(x, [0, 1], z, [1, 2], [2, 0]), lambda x, z: (x @ z).T, x, z)
    agrees(lambda x, z: ac.einsum(x, [..., 0, 1], z, [1, 2]), lambda x, z: x @ z, x, z)


BIG = ["abcd,dbce->abe", "abcd,dbce->eba", "abcd,dbce->ab", "abcd,dbce->ce", "abcd,dbce->", "abcd,dbce->ea"]
BIG += ["abcd,dbce->becda", "abcd,dbce->aecb", "abcd,dbce->bd"]


@pytest.mark.parametrize("subscripts", BIG)
def test_einsum_by_matrix_products(subscripts):
    x, z = real(9, 3, 11, 5), real(5, 3, 11, 8)
    np.testing.assert_allclose(ac.einsum(subscripts, x, z).numpy(), np.einsum(subscripts, x, z), rtol=1e-11, atol=1e-11)
    assert gradcheck(lambda x, z: ac.einsum(subscripts, x, z), (x, z))


def test_many_operands_are_contracted_in_the_cheap_order():
    shapes = ((50, 2), (2, 50), (50, 2))
    assert contraction_path(("ij", "jk", "kl"), "il", shapes, True)[0] == (1, 2)
    y = ac.einsum("ij,jk,kl->il", *(ac.tensor(real(*s), requires_grad=True) for s in shapes))
    first = y.grad_fn.parents[1]
    assert (y.grad_fn.name, first.name, first.shape) == ("einsum", "einsum", (2, 2))


def test_the_transpose_of_a_diagonal_fills_a_diagonal():
    op = Einsum(("i",), "iji", (("j", 2),))
    x = real(3)
    expected = np.zeros((3, 2, 3))
    expected[range(3), :, range(3)] = x[:, None]
    agrees(op, lambda x: expected, x)
    assert op.shape((3,)) == (3, 2, 3)


REFUSED = [
    ("ij,jk->ik", [(2, 3), (4, 2)], r"label 'j' has length 3 and length 4; given ij: \(2, 3\), jk: \(4, 2\)"),
    ("ij", [(2, 3), (4, 2)], r"'ij' describes 1 operands, and 2 were given"),
    ("ijk", [(2, 3)], r"'ijk' has 3 labels for an operand of shape \(2, 3\)"),
    ("i", [(2, 3)], r"'i' has 1 labels for an operand of shape \(2, 3\)"),
    ("...ijk", [(2, 3)], r"'\.\.\.ijk' has more labels than an operand of shape \(2, 3\)"),
    ("ij->ik", [(2, 3)], r"an output label must be in an operand and come once; not so 'k'"),
    ("ij->ii", [(2, 3)], r"not so 'i'"),
    ("...i->i", [(2, 3)], r"the output needs '\.\.\.' too"),
    ("i;j", [(2, 3)], r"may hold letters"),
    ("i.j", [(2, 3)], r"may hold letters"),
    ("ii", [(1, 3)], r"label 'i' has length 1 and length 3"),
]


@pytest.mark.parametrize("subscripts, shapes, message", REFUSED)
def test_einsum_refuses(subscripts, shapes, message):
    with pytest.raises(ShapeError, match=message):
        ac.einsum(subscripts, *(real(*s) for s in shapes))


# -- dot, inner, outer, tensordot, vdot --------------------------------------------------------------------

VECTORS = [((), (3,)), ((3,), (3,)), ((), ()), ((2, 3), ())]


@pytest.mark.parametrize("x, z", [*VECTORS, ((2, 3), (3,)), ((2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((2, 4, 3), (5, 3, 4))])
def test_dot(x, z):
    agrees(ac.dot, np.dot, real(*x), real(*z))


@pytest.mark.parametrize("x, z", [*VECTORS, ((2, 3), (4, 3)), ((2, 3), (5, 4, 3))])
def test_inner(x, z):
    agrees(ac.inner, np.inner, real(*x), real(*z))


@pytest.mark.parametrize("x, z", [*VECTORS, ((2, 3), (2, 2)), ((0,), (2,))])
def test_outer(x, z):
    agrees(ac.outer, np.outer, real(*x), real(*z))


AXES = [((2, 3), (3, 2), 1), ((2, 3, 3), (3, 3, 2), 2), ((2,), (3,), 0), ((2, 3, 4), (4, 3, 2), ([1, 2], [1, 0]))]
AXES += [((2, 3), (3, 2), (1, 0)), ((2, 3), (3, 2), ([-1], [-2])), ((2, 0), (0, 2), 1)]


@pytest.mark.parametrize("x, z, axes", AXES)
def test_tensordot(x, z, axes):
    agrees(lambda x, z: ac.tensordot(x, z, axes), lambda x, z: np.tensordot(x, z, axes), real(*x), real(*z))


def test_tensordot_refuses():
    with pytest.raises(ShapeError, match=r"tensordot: axes \(1,\) of shape \(2, 3\) and \(0,\) of shape \(4, 2\) differ"):
        ac.tensordot(real(2, 3), real(4, 2), 1)
    with pytest.raises(ShapeError, match="tensordot"):
        ac.tensordot(real(2, 3), real(3, 2), ([0, 1], [1]))
    with pytest.raises(ShapeError, match="tensordot"):
        ac.tensordot(real(2, 3), real(3, 2), 3)


def test_vdot():
    agrees(vdot, np.vdot, complex_(2, 3), complex_(2, 3))
    agrees(vdot, np.vdot, real(2, 3), real(6))


# -- vectors in stacks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [real, complex_])
@pytest.mark.parametrize(
    "name, x, z",
    [
        ("vecdot", (3,), (3,)),
        ("vecdot", (2, 3), (3,)),
        ("vecdot", (2, 1, 3), (2, 3)),
        ("matvec", (2, 3), (3,)),
        ("matvec", (2, 3), (4, 3)),
        ("matvec", (4, 2, 3), (3,)),
        ("vecmat", (3,), (3, 2)),
        ("vecmat", (4, 3), (3, 2)),
        ("vecmat", (2, 1, 3), (2, 3, 2)),
        ("matvec", (2, 0), (0,)),
    ],
)
def test_products_of_vectors_in_stacks(name, x, z, kind):
    agrees(getattr(ac, name), getattr(np, name), kind(*x), kind(*z))


def test_vecdot_along_another_axis():
    agrees(lambda x, z: ac.vecdot(x, z, axis=0), lambda x, z: np.vecdot(x, z, axis=0), real(3, 2), real(3, 1))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ac.vecdot(real(3), real(2)), r"vecdot: shapes \(3,\) and \(2,\) do not fit: axis -1 and axis -1"),
        (lambda: ac.matvec(real(2, 3), real(2)), r"matvec: shapes \(2, 3\) and \(2,\) do not fit"),
        (lambda: ac.vecmat(real(2), real(2)), r"vecmat: shapes \(2,\) and \(2,\) do not fit: axis -1 and axis -2"),
        (lambda: ac.matvec(real(2, 3), 1.0), "matvec: a number is no vector"),
    ],
)
def test_products_of_vectors_refuse(call, message):
    with pytest.raises(ShapeError, match=message):
        call()


# -- batches -----------------------------------------------------------------------------------------------


def in_batches(op, x, z):
    """Batching of all combinations of operands against a loop."""
    for flags in ((True, True), (True, False), (False, True)):
        a, b = (real(4, *s) if flag else real(*s) for flag, s in zip(flags, (x, z)))
        y = op.batched(flags, a, b)
        alone = [op(*(v[k] if flag else v for flag, v in zip(flags, (a, b)))) for k in range(4)]
        np.testing.assert_allclose(y, alone, rtol=1e-13, atol=1e-13)
        t = op.batched(flags, ac.tensor(a, requires_grad=True), ac.tensor(b, requires_grad=True))
        np.testing.assert_array_equal(t.numpy(), y)


@pytest.mark.parametrize("x, z", SMALL + LARGE + [s for s in EMPTY if 0 not in s[0][:1]])
def test_batches_of_matmul(x, z):
    in_batches(Matmul(), x, z)


def test_many_vectors_for_one_matrix_are_one_product(monkeypatch):
    calls = []
    monkeypatch.setattr("autograd_core.ops.matmul.np.matmul", lambda *xs: calls.append(xs) or NotImplemented)
    w, x = real(3, 2), real(5, 2)
    np.testing.assert_allclose(Matmul().batched((False, True), w, x), x.dot(w.T))
    assert not calls


@pytest.mark.parametrize("inputs, output", [(("ij", "jk"), "ki"), (("ii", "ij"), ""), (("i", "j"), "ij"), (("aij", "a"), "aj")])
def test_batches_of_einsum(inputs, output):
    lengths = {"i": 2, "j": 3, "k": 2, "a": 2}
    in_batches(Einsum(inputs, output), *(tuple(lengths[c] for c in term) for term in inputs))


def test_jacobians_go_through_the_batching_rules():
    x, z = real(2, 3), real(3, 2)
    rows = ac.jacobian(lambda x: ac.matmul(x, z), mode="reverse")(x).numpy()
    np.testing.assert_allclose(rows, np.einsum("ia,bj->ijab", np.eye(2), z), rtol=1e-13)
    np.testing.assert_allclose(ac.jacobian(lambda x: ac.matmul(x, z), mode="forward")(x).numpy(), rows, rtol=1e-13)


@pytest.mark.parametrize("subscripts", ["ii,i", "ii,i->i", "i,ii->", "ii,ij->j", "iii,i->i"])
def test_a_repeated_label_of_length_1_broadcasts_as_any_other(subscripts):
    """NumPy takes a diagonal of length 1 for a number."""
    terms = subscripts.partition("->")[0].split(",")
    shapes = [(1,) * len(term) if len(set(term)) < len(term) else (3, 2)[: len(term)] for term in terms]
    xs = [RNG.normal(size=shape) for shape in shapes]
    np.testing.assert_allclose(ac.einsum(subscripts, *xs).numpy(), np.einsum(subscripts, *xs), rtol=1e-14)
    assert ac.testing.gradcheck(lambda *xs: ac.einsum(subscripts, *xs), tuple(xs), order=2)
    with pytest.raises(ShapeError, match="label 'i' has length 1 and length 3"):
        ac.einsum("ii->i", np.ones((1, 3)))
