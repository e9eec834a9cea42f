"""RNN, LSTM and GRU: beside PyTorch to second order, by hand, of unequal lengths, and what their errors say."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)
LAYERS = ["RNN", "LSTM", "GRU"]
OPTIONS = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"batch_first": True, "bias": False},
    {"num_layers": 3, "batch_first": True},
    {"bidirectional": True, "bias": False},
]


def states(name, *shape, generator=draws):
    parts = [generator.normal(size=shape) for _ in range(2 if name == "LSTM" else 1)]
    return parts


def with_states(module, x, *hx):
    return module(x, hx if len(hx) == 2 else hx[0])


# -- beside PyTorch --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_agree_with_pytorch_to_second_order(name, options, parity):
    ours, theirs = getattr(nn, name)(3, 4, **options), getattr(parity.torch.nn, name)(3, 4, **options)
    rows = ours.num_layers * (2 if ours.bidirectional else 1)
    x = draws.normal(size=(2, 5, 3))
    batch = 2 if ours.batch_first else 5
    parity.modules(ours, theirs, x)
    parity.modules(ours, theirs, x, *states(name, rows, batch, 4), call=with_states)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", LAYERS)
def test_a_single_sequence_agrees_with_pytorch(name, parity):
    options = {"num_layers": 2, "bidirectional": True}
    ours, theirs = getattr(nn, name)(3, 4, **options), getattr(parity.torch.nn, name)(3, 4, **options)
    parity.modules(ours, theirs, draws.normal(size=(5, 3)), *states(name, 4, 4), call=with_states)
    parity.modules(ours, theirs, draws.normal(size=(1, 3)))


def test_relu_and_projections_agree_with_pytorch(parity):
    x = draws.normal(size=(4, 2, 3))
    relu = {"nonlinearity": "relu", "num_layers": 2}
    parity.modules(nn.RNN(3, 4, **relu), parity.torch.nn.RNN(3, 4, **relu), x)
    options = {"proj_size": 2, "num_layers": 2, "bidirectional": True}
    hx = draws.normal(size=(4, 2, 2)), draws.normal(size=(4, 2, 5))
    parity.modules(nn.LSTM(3, 5, **options), parity.torch.nn.LSTM(3, 5, **options), x, *hx, call=with_states)


@pytest.mark.parametrize("enforce_sorted", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_sequences_of_unequal_length_agree_with_pytorch(name, enforce_sorted, parity):
    torch = parity.torch
    options = {"num_layers": 2, "bidirectional": True}
    lengths = [5, 4, 4, 1] if enforce_sorted else [2, 5, 1, 4]

    def call(module, x, *hx):
        rnn = nn.sequences if isinstance(module, nn.Module) else torch.nn.utils.rnn
        given = rnn.pack_padded_sequence(x, lengths, enforce_sorted=enforce_sorted)
        y, last = with_states(module, given, *hx)
        padded, numbers = rnn.pad_packed_sequence(y, padding_value=-1.0)
        assert numbers.tolist() == lengths
        return y.data, padded, last

    ours, theirs = getattr(nn, name)(3, 4, **options), getattr(torch.nn, name)(3, 4, **options)
    parity.modules(ours, theirs, draws.normal(size=(5, 4, 3)), *states(name, 4, 4, 4), call=call)


def test_weights_have_pytorchs_names():
    names = list(nn.LSTM(2, 3, num_layers=2, bidirectional=True, proj_size=1).state_dict())
    assert len(names) == 20
    assert names[:5] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0"]
    assert names[-1] == "weight_hr_l1_reverse"


# -- by themselves ---------------------------------------------------------------------------------------------------


def test_a_simple_network_by_hand():
    layer = nn.RNN(1, 1, nonlinearity="relu")
    layer.load_state_dict({"weight_ih_l0": [[2.0]], "weight_hh_l0": [[0.5]], "bias_ih_l0": [1.0], "bias_hh_l0": [-2.0]})
    output, last = layer([[1.0], [3.0], [-9.0]])
    assert output.tolist() == [[1.0], [5.5], [0.0]]
    assert last.tolist() == [[0.0]]
    assert layer([[1.0]], [[4.0]])[0].tolist() == [[3.0]]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_its_cell_repeated(name):
    layer, cell = getattr(nn, name)(3, 4, generator=0), getattr(nn, f"{name}Cell")(3, 4)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x, hx = draws.normal(size=(6, 2, 3)), None
    outputs = []
    for row in x:
        hx = cell(row, hx)
        outputs.append(hx[0] if name == "LSTM" else hx)
    y, _ = layer(x)
    np.testing.assert_allclose(y.numpy(), np.stack(outputs), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_hold_against_differences(name):
    layer = getattr(nn, name)(2, 2, bidirectional=True, generator=0)
    ac.testing.gradcheck(lambda x: layer(x)[0], (draws.normal(size=(3, 1, 2)),), order=2)


@pytest.mark.parametrize("name", LAYERS)
def test_the_input_is_multiplied_once(name):
    layer, products = getattr(nn, name)(3, 4), []
    y, _ = layer(np.ones((10, 2, 3)))
    stack, seen = [y.grad_fn], set()
    while stack:
        node = stack.pop()
        if node is not None and id(node) not in seen:
            seen.add(id(node))
            stack += [parent for parent, *_ in getattr(node, "next_functions", ())]
            products += [node] if getattr(node, "name", "") == "matmul" else []
    assert len(products) == 1 + 10


@pytest.mark.parametrize("name", LAYERS)
def test_packed_sequences_are_those_one_by_one(name):
    layer = getattr(nn, name)(3, 4, num_layers=2, bidirectional=True, generator=0)
    xs = [draws.normal(size=(n, 3)) for n in (2, 6, 1, 2)]
    y, last = layer(nn.sequences.pack_sequence(xs, enforce_sorted=False))
    for k, (x, part) in enumerate(zip(xs, nn.sequences.unpack_sequence(y))):
        alone, end = layer(x)
        np.testing.assert_allclose(part.numpy(), alone.numpy(), rtol=1e-13, atol=1e-14)
        for a, b in zip(last if name == "LSTM" else (last,), end if name == "LSTM" else (end,)):
            np.testing.assert_allclose(a[:, k].numpy(), b.numpy(), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_stay_in_single_precision(name):
    layer = getattr(nn, name)(3, 4, bidirectional=True, dtype="float32")
    y, _ = layer(np.ones((5, 2, 3), np.float32))
    ac.sum(y).backward()
    assert {y.dtype, *(p.grad.dtype for p in layer.parameters())} == {np.dtype("float32")}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_mapped_over_a_batch(name):
    layer = getattr(nn, name)(3, 4, bidirectional=True, generator=0)
    x = draws.normal(size=(2, 5, 3))
    mapped = ac.vmap(lambda row: layer(row)[0])(x)
    np.testing.assert_allclose(mapped.numpy(), layer(x.swapaxes(0, 1))[0].numpy().swapaxes(0, 1), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", LAYERS)
def test_a_compiled_layer_gives_the_same_numbers(name):
    layer = getattr(nn, name)(3, 4, bidirectional=True, generator=0)

    def step(x):
        y = layer(nn.sequences.pack_padded_sequence(x, [4, 2]))[0].data
        return y, ac.grad(lambda x: ac.sum(ac.sin(layer(x)[0])))(x)

    compiled = ac.compile(step)
    for _ in range(3):
        x = ac.tensor(draws.normal(size=(4, 2, 3)))
        for a, b in zip(compiled(x), step(x)):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-13, atol=1e-14)


def test_dropout_acts_between_layers_and_in_training_alone():
    def layer(p):
        return nn.RNN(3, 8, num_layers=2, dropout=p, generator=0, dropout_generator=ac.random.Generator(3))

    x = draws.normal(size=(4, 2, 3))
    still, dropped = layer(0.0), layer(0.5)
    assert np.array_equal(still(x)[0].numpy(), dropped.eval()(x)[0].numpy())
    first, second = dropped.train()(x)[1].numpy(), dropped(x)[1].numpy()
    assert np.array_equal(first[0], still(x)[1].numpy()[0])
    assert not np.array_equal(first[1], second[1])
    assert np.array_equal(first, layer(0.5)(x)[1].numpy())
    nothing = layer(1.0)(x)[1].numpy()[1]  # no input reaches the second layer
    assert np.array_equal(nothing[0], nothing[1])


def test_an_empty_batch_has_empty_outputs():
    y, (h, c) = nn.LSTM(3, 4)(np.zeros((5, 0, 3)))
    assert (y.shape, h.shape, c.shape) == ((5, 0, 4), (1, 0, 4), (1, 0, 4))


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.LSTM(3, 4)(np.ones((5, 2, 4))), ac.errors.ShapeError, r"LSTM: input of shape \(5, 2, 4\) .* 3 features"),
        (lambda: nn.GRU(3, 4)(np.ones(3)), ac.errors.ShapeError, r"GRU: input has 2 or 3 axes"),
        (lambda: nn.GRU(3, 4)(np.ones((0, 2, 3))), ac.errors.ShapeError, "has no steps"),
        (lambda: nn.GRU(3, 4)(np.ones((5, 2, 3)), np.ones((1, 3, 4))), ac.errors.ShapeError, r"needed are \(1, 2, 4\)"),
        (lambda: nn.RNN(3, 4)(np.ones((5, 3)), np.ones((1, 1, 4))), ac.errors.ShapeError, r"needed are \(1, 4\)"),
        (lambda: nn.RNN(3, 4, nonlinearity="sin"), ValueError, 'nonlinearity is "tanh" or "relu"'),
        (lambda: nn.RNN(3, 4, dropout=1.5), ValueError, "dropout is a probability"),
        (lambda: nn.RNN(3, 0), ValueError, "RNN: hidden_size must be at least 1"),
        (lambda: nn.GRU(3, 4, num_layers=0), ValueError, "GRU: num_layers must be at least 1"),
        (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "proj_size 4 must be smaller"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_dropout_of_a_single_layer_is_noticed():
    with pytest.warns(UserWarning, match="acts between layers"):
        nn.GRU(3, 4, dropout=0.5)
