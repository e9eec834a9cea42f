"""MultiheadAttention: beside PyTorch to second order, queries without keys, and what the errors say."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)
LEFT_OUT = draws.random((4, 5)) > 0.6
LEFT_OUT[:, 0] = False
PADDING = np.zeros((3, 5), bool)
PADDING[0, 3:] = True
OPTIONS = [{}, {"bias": False}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 3, "vdim": 5}, {"batch_first": True}]
MASKS = [
    {},
    {"attn_mask": LEFT_OUT, "key_padding_mask": PADDING},
    {"attn_mask": draws.normal(size=(6, 4, 5)), "average_attn_weights": False},
    {"key_padding_mask": draws.normal(size=(3, 5)), "need_weights": False},
]


def inputs(kdim=4, vdim=4, batch_first=False, **_):
    xs = [draws.normal(size=shape) for shape in ((4, 3, 4), (5, 3, kdim), (5, 3, vdim))]
    return [x.swapaxes(0, 1).copy() for x in xs] if batch_first else xs


def calling(torch, masks):
    def call(module, *xs):
        as_theirs = lambda v: torch.tensor(v) if isinstance(v, np.ndarray) and not isinstance(module, nn.Module) else v
        return module(*xs, **{k: as_theirs(v) for k, v in masks.items()})

    return call


@pytest.mark.filterwarnings("ignore:Support for mismatched")  # PyTorch's, of a boolean and a floating mask
@pytest.mark.parametrize("masks", MASKS, ids=lambda masks: "-".join(masks) or "none")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_attention_agrees_with_pytorch_to_second_order(options, masks, parity):
    ours, theirs = nn.MultiheadAttention(4, 2, **options), parity.torch.nn.MultiheadAttention(4, 2, **options)
    attention = parity.torch.nn.attention
    with attention.sdpa_kernel(attention.SDPBackend.MATH):  # the others have no second derivative
        parity.modules(ours, theirs, *inputs(**options), call=calling(parity.torch, masks))


def test_without_a_batch_it_agrees_with_pytorch(parity):
    ours, theirs = nn.MultiheadAttention(4, 2), parity.torch.nn.MultiheadAttention(4, 2)
    xs = [x[:, 0] for x in inputs()]
    parity.modules(ours, theirs, *xs, call=calling(parity.torch, {"attn_mask": LEFT_OUT}))
    parity.modules(ours, theirs, *xs, call=calling(parity.torch, {"key_padding_mask": PADDING[0]}))


def test_weights_add_up_to_one_and_causal_ones_look_back():
    layer = nn.MultiheadAttention(4, 2, batch_first=True, generator=0)
    x = draws.normal(size=(3, 6, 4))
    y, weights = layer(x, x, x, is_causal=True)
    np.testing.assert_allclose(ac.sum(weights, axis=-1).numpy(), 1.0, rtol=1e-14)
    assert not np.triu(weights.numpy(), 1).any()
    first = layer(x[:, :1], x[:, :1], x[:, :1])[0]
    np.testing.assert_allclose(y.numpy()[:, :1], first.numpy(), rtol=1e-13, atol=1e-15)


def test_a_query_without_keys_gives_the_last_bias():
    layer = nn.MultiheadAttention(4, 2, generator=0)
    layer.out_proj.bias.copy_([1.0, 2.0, 3.0, 4.0])
    xs = [ac.tensor(x, requires_grad=True) for x in inputs()]
    y, weights = layer(*xs, attn_mask=np.arange(4)[:, None] * np.ones(5) == 2)
    assert y[2].tolist() == [[1.0, 2.0, 3.0, 4.0]] * 3
    assert not weights.numpy()[:, 2].any()
    gradients = ac.gradients(ac.sum(ac.sin(y)), xs, create_graph=True)
    second = ac.gradients(sum(ac.sum(g * g) for g in gradients), xs)
    assert all(np.isfinite(g.numpy()).all() for g in (*gradients, *second))
    assert not gradients[0].numpy()[2].any()


def test_dropout_acts_in_training_alone():
    make = lambda: nn.MultiheadAttention(4, 2, dropout=0.5, generator=0, dropout_generator=ac.random.Generator(1))
    xs, layer = inputs(), make()
    first, second = layer(*xs)[1].numpy(), layer(*xs)[1].numpy()
    assert np.array_equal(first, make()(*xs)[1].numpy())
    assert not np.array_equal(first, second)
    np.testing.assert_allclose(layer.eval()(*xs)[1].numpy().sum(-1), 1.0, rtol=1e-14)


def test_single_precision_stays():
    layer = nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, dtype="float32")
    y, weights = layer(*(x.astype("float32") for x in inputs()), key_padding_mask=PADDING)
    ac.sum(y).backward()
    assert {y.dtype, weights.dtype, *(p.grad.dtype for p in layer.parameters())} == {np.dtype("float32")}


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda m: nn.MultiheadAttention(5, 2), ValueError, "embed_dim 5 must be a multiple of num_heads 2"),
        (lambda m: m(*inputs(kdim=3)), ac.errors.ShapeError, r"key \(5, 3, 3\)"),
        (lambda m: m(*(x[0] if k else x for k, x in enumerate(inputs()))), ac.errors.ShapeError, "two or three axes"),
        (lambda m: m(*(x[:, :2] if k else x for k, x in enumerate(inputs()))), ac.errors.ShapeError, "one batch needed"),
        (lambda m: m(*inputs(), attn_mask=LEFT_OUT.T), ac.errors.ShapeError, "attn_mask does not fit"),
        (lambda m: m(*inputs(), attn_mask=np.zeros((5, 4, 5))), ac.errors.ShapeError, "attn_mask does not fit"),
        (lambda m: m(*inputs(), key_padding_mask=PADDING.T), ac.errors.ShapeError, "key_padding_mask does not fit"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call(nn.MultiheadAttention(4, 2))
