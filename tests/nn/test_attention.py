"""Attention: beside PyTorch to second order, masks, rows without keys, and what the errors say."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from nn import functional as F

draws = np.random.default_rng(0)
SDPA = F.scaled_dot_product_attention
QUERY, KEY, VALUE = (draws.normal(size=(2, 3, n, m)) for n, m in ((4, 5), (6, 5), (6, 2)))
ALLOWED = draws.random((4, 6)) > 0.4
ALLOWED[:, 0] = True
ADDED = draws.normal(size=(2, 1, 4, 6))


@pytest.mark.parametrize(
    "options",
    [{}, {"is_causal": True}, {"scale": 0.3}, {"attn_mask": ALLOWED}, {"attn_mask": np.where(ALLOWED, 0.5, -np.inf)}],
    ids=["plain", "causal", "scale", "boolean", "additive"],
)
@pytest.mark.parametrize("axes", [0, 2])
def test_attention_agrees_with_pytorch_to_second_order(options, axes, parity):
    torch = parity.torch
    given = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    theirs = lambda *xs: torch.nn.functional.scaled_dot_product_attention(*xs, **given)
    xs = [x if axes else x[0, 0] for x in (QUERY, KEY, VALUE)]
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        parity.functions(lambda *xs: SDPA(*xs, **options), theirs, *xs)


def test_a_trained_mask_and_shared_heads_agree_with_pytorch(parity):
    torch = parity.torch
    theirs = torch.nn.functional.scaled_dot_product_attention
    query = draws.normal(size=(2, 6, 4, 5))
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        parity.functions(lambda q, k, v, m: SDPA(q, k, v, m), lambda q, k, v, m: theirs(q, k, v, m), QUERY, KEY, VALUE, ADDED)
        parity.functions(lambda *xs: SDPA(*xs, enable_gqa=True), lambda *xs: theirs(*xs, enable_gqa=True), query, KEY, VALUE)


def test_attention_by_hand():
    y = SDPA([[1.0]], [[0.0], [np.log(3.0)]], [[4.0], [8.0]])
    assert y.item() == pytest.approx(7.0, rel=1e-15)
    assert SDPA([[1.0]], [[0.0], [np.log(3.0)]], [[4.0], [8.0]], scale=0.0).item() == 6.0


@pytest.mark.parametrize("mask", ["boolean", "additive"])
def test_a_row_without_keys_gives_zeros_and_poisons_no_gradient(mask):
    allowed = ALLOWED.copy()
    allowed[[1, 3]] = False
    given = allowed if mask == "boolean" else np.where(allowed, 0.0, -np.inf)
    f = lambda q, k, v: SDPA(q, k, v, given)
    y = f(QUERY, KEY, VALUE)
    assert not y.numpy()[:, :, [1, 3]].any()
    np.testing.assert_allclose(
        y.numpy()[:, :, [0, 2]], SDPA(QUERY[:, :, [0, 2]], KEY, VALUE, ALLOWED[[0, 2]]).numpy(), rtol=1e-14
    )
    xs = [ac.tensor(x, requires_grad=True) for x in (QUERY, KEY, VALUE)]
    first = ac.gradients(ac.sum(ac.sin(f(*xs))), xs, create_graph=True)
    second = ac.gradients(sum(ac.sum(ac.sin(g)) for g in first), xs)
    assert all(np.isfinite(g.numpy()).all() for g in (*first, *second))
    assert not any(g.numpy()[:, :, [1, 3]].any() for g in (first[0], second[0]))


def test_nothing_but_rows_without_keys_is_zero_to_second_order():
    q = ac.tensor(QUERY, requires_grad=True)
    (g,) = ac.gradients(ac.sum(SDPA(q, KEY, VALUE, np.zeros((4, 6), bool)) ** 2 + q[..., :2]), [q], create_graph=True)
    (h,) = ac.gradients(ac.sum(g**2), [q], allow_unused=True)
    assert np.array_equal(g.numpy()[..., :2], np.ones((2, 3, 4, 2)))
    assert not h.numpy().any()


def test_derivatives_hold_against_differences():
    mask = np.array([[True, False, True], [False, False, False]])
    xs = tuple(draws.normal(size=shape) for shape in ((2, 2), (3, 2), (3, 2)))
    ac.testing.gradcheck(lambda q, k, v: ac.sin(SDPA(q, k, v, mask)), xs, order=2)


def test_scores_of_a_thousand_are_no_trouble():
    q = ac.tensor([[1e3], [-1e3]], requires_grad=True)
    y = SDPA(q, [[1.0], [-1.0]], [[2.0], [3.0]])
    assert y.tolist() == [[2.0], [3.0]]
    (g,) = ac.gradients(ac.sum(y), [q], create_graph=True)
    assert not ac.gradients(ac.sum(g), [q])[0].numpy().any()


def test_dropout_drops_weights_by_its_generator():
    draw = lambda: SDPA(QUERY, KEY, VALUE, dropout_p=0.5, generator=ac.random.Generator(1)).numpy()
    assert np.array_equal(draw(), draw())
    assert not np.array_equal(draw(), SDPA(QUERY, KEY, VALUE).numpy())
    assert not SDPA(QUERY, KEY, VALUE, dropout_p=1.0).numpy().any()


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"attn_mask": ADDED}, {"attn_mask": ALLOWED}], ids=str)
def test_single_precision_stays(options):
    xs = [ac.tensor(x.astype("float32"), requires_grad=True) for x in (QUERY, KEY, VALUE)]
    y = SDPA(*xs, **options)
    ac.sum(y).backward()
    assert {y.dtype, *(x.grad.dtype for x in xs)} == {np.dtype("float32")}


def test_attention_is_mapped_over_a_batch():
    mapped = ac.vmap(lambda q, k, v: SDPA(q, k, v, is_causal=True))(QUERY, KEY, VALUE)
    np.testing.assert_allclose(mapped.numpy(), SDPA(QUERY, KEY, VALUE, is_causal=True).numpy(), rtol=1e-14)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: SDPA(QUERY, VALUE, VALUE), ac.errors.ShapeError, r"\(…, S, E\)"),
        (lambda: SDPA(QUERY, KEY, VALUE[:, :, :5]), ac.errors.ShapeError, r"value \(2, 3, 5, 2\)"),
        (lambda: SDPA(QUERY[0, 0, 0], KEY, VALUE), ac.errors.ShapeError, r"query \(5,\)"),
        (lambda: SDPA(QUERY, KEY[:, :2], VALUE[:, :2]), ac.errors.ShapeError, "axes in front that broadcast"),
        (lambda: SDPA(QUERY, KEY, VALUE, np.ones((4, 5), bool)), ac.errors.ShapeError, r"attn_mask of shape \(4, 5\)"),
        (lambda: SDPA(QUERY, KEY, VALUE, np.ones((4, 6), int)), TypeError, "booleans or floating numbers, not int64"),
        (lambda: SDPA(QUERY, KEY, VALUE, ALLOWED, is_causal=True), ValueError, "not both"),
        (lambda: SDPA(QUERY, KEY[:, :2], VALUE[:, :2], enable_gqa=True), ac.errors.ShapeError, "must be a multiple"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
