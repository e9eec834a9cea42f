"""Modules: what they find, what they save and load, how they are copied, converted and printed."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import autograd_core as ac
import nn


class Block(nn.Module):
    """A module with one of each: parameter, absent parameter, buffers, inner modules."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 3, generator=0)
        self.scale = nn.Parameter([1.0, 2.0])
        self.register_parameter("shift", None)
        self.register_buffer("mean", ac.tensor([0.5]))
        self.register_buffer("cache", ac.tensor([9.0]), persistent=False)
        self.constant = ac.tensor([7.0])

    def forward(self, x):
        return self.inner(x * self.scale) + self.mean


def names(pairs):
    return [name for name, _ in pairs]


def network():
    return nn.MLP([2, 4, 1], generator=0)


# -- what is found ---------------------------------------------------------------------------------------


def test_parameters_come_before_those_of_inner_modules():
    assert names(Block().named_parameters()) == ["scale", "inner.weight", "inner.bias"]
    assert names(Block().named_parameters(recurse=False)) == ["scale"]
    assert names(Block().named_parameters(prefix="net")) == ["net.scale", "net.inner.weight", "net.inner.bias"]


def test_buffers_are_no_parameters_and_plain_tensors_are_neither():
    assert names(Block().named_buffers()) == ["mean", "cache"]
    assert list(Block().state_dict()) == ["scale", "mean", "inner.weight", "inner.bias"]


def test_an_absent_parameter_can_be_set_later():
    block = Block()
    block.shift = nn.Parameter(1.0)
    assert names(block.named_parameters(recurse=False)) == ["scale", "shift"]
    block.shift = None
    assert names(block.named_parameters(recurse=False)) == ["scale"]


def test_modules_come_before_their_children():
    model = network()
    assert names(model.named_modules()) == ["", "layers", "layers.0", "layers.1", "activation"]
    assert names(model.named_children()) == ["layers", "activation"]
    assert list(model.children()) == [model.layers, model.activation]
    assert next(model.modules()) is model


def test_a_shared_parameter_comes_once_but_is_saved_under_both_names():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    assert names(model.named_parameters()) == ["0.weight", "0.bias", "1.bias"]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_a_shared_module_comes_once():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.Tanh(), layer)
    assert names(model.named_modules()) == ["", "0", "1"]
    assert names(model.named_modules(remove_duplicate=False)) == ["", "0", "1", "2"]
    assert len(list(model.parameters())) == 2
    assert len(model) == 3
    assert model(np.ones((1, 2))).shape == (1, 2)


def test_super_init_may_be_left_out():
    class Bare(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)
            self.register_buffer("count", ac.tensor([0.0]))

    bare = Bare()
    assert bare.training
    assert list(bare.state_dict()) == ["count", "layer.weight", "layer.bias"]


def test_a_deleted_parameter_is_forgotten():
    block = Block()
    del block.scale, block.mean, block.inner
    assert list(block.state_dict()) == []
    assert names(block.named_buffers()) == ["cache"]


@pytest.mark.parametrize("depth", [3_000])
def test_deep_nesting_does_not_exhaust_the_stack(depth):
    model = nn.Linear(1, 1)
    for _ in range(depth):
        model = nn.Sequential(model)
    assert len(list(model.parameters())) == 2
    assert model.eval().training is False


# -- misuse of attributes --------------------------------------------------------------------------------


def test_a_parameter_cannot_become_something_else():
    layer = nn.Linear(1, 1)
    with pytest.raises(TypeError, match=r"Linear.weight is a Parameter and cannot become a Tensor.*copy_"):
        layer.weight = ac.tensor([[1.0]])
    assert isinstance(layer.weight, nn.Parameter)


def test_a_buffer_cannot_become_something_else():
    block = Block()
    with pytest.raises(TypeError, match=r"Block.mean is a buffer and cannot become a float"):
        block.mean = 1.0
    block.mean = ac.tensor([3.0])
    assert block.state_dict()["mean"].item() == 3.0


@pytest.mark.parametrize("name", ["", "a.b", 3])
def test_a_name_is_a_string_without_dots(name):
    with pytest.raises(ValueError, match="without dots"):
        nn.Module().register_buffer(name, ac.tensor(1.0))


def test_a_name_in_use_is_refused():
    for register in ("register_parameter", "register_buffer", "add_module"):
        with pytest.raises(ValueError, match="already has an attribute 'forward'"):
            getattr(nn.Module(), register)("forward", None)


def test_only_parameters_are_registered_as_parameters():
    with pytest.raises(TypeError, match="must be a Parameter or None, not a Tensor"):
        nn.Module().register_parameter("w", ac.tensor(1.0, requires_grad=True))


def test_a_module_without_forward_says_so():
    with pytest.raises(TypeError, match=r"Module does not say what it computes: define forward"):
        nn.Module()(1.0)


# -- Parameter -------------------------------------------------------------------------------------------


def test_a_parameter_is_a_leaf_on_memory_of_its_own():
    data = np.array([1.0, 2.0])
    p = nn.Parameter(data, name="p")
    data[0] = 9.0
    assert isinstance(p, ac.Tensor)
    assert p.is_leaf
    assert p.requires_grad
    assert p.tolist() == [1.0, 2.0]
    assert p.name == "p"
    assert not nn.Parameter([1], requires_grad=False).requires_grad


def test_an_integer_parameter_is_refused():
    with pytest.raises(ac.errors.DTypeError, match="int64 cannot require a gradient"):
        nn.Parameter([1, 2])


def test_results_of_operations_on_parameters_are_plain_tensors():
    assert type(nn.Parameter(1.0) + 1.0) is ac.Tensor


# -- state -----------------------------------------------------------------------------------------------


def test_a_state_is_a_snapshot():
    model = network()
    before = model.state_dict()
    kept = {name: value.numpy().copy() for name, value in before.items()}
    for p in model.parameters():
        p.copy_(p.numpy() + 1.0)
    assert all(np.array_equal(before[name].numpy(), kept[name]) for name in kept)
    assert not any(value.requires_grad for value in before.values())
    model.load_state_dict(before)
    assert all(np.array_equal(value.numpy(), kept[name]) for name, value in model.state_dict().items())


def test_loading_keeps_the_parameters_and_their_dtype():
    model = network().float()
    parameters = list(model.parameters())
    result = model.load_state_dict(network().state_dict())
    assert result == ([], [])
    assert all(p is q for p, q in zip(parameters, model.parameters(), strict=True))
    assert {p.dtype for p in parameters} == {np.dtype(np.float32)}


def test_arrays_load_too():
    model = network()
    model.load_state_dict({name: np.zeros(value.shape) for name, value in model.state_dict().items()})
    assert not any(p.numpy().any() for p in model.parameters())


def test_every_fault_of_a_state_is_listed_and_nothing_is_changed():
    model = network()
    before = model.state_dict()
    bad = {name: value.numpy() + 1.0 for name, value in before.items()}
    del bad["layers.0.bias"], bad["layers.1.bias"]
    bad["layers.0.weight"] = np.zeros((4, 3))
    bad["layers.1.weight"] = bad["layers.1.weight"] * 1j
    bad["extra"] = np.zeros(2)
    with pytest.raises(nn.StateDictError) as caught:
        model.load_state_dict(bad)
    assert str(caught.value).splitlines()[1:] == [
        "  missing: layers.0.bias (4,)",
        "  missing: layers.1.bias (1,)",
        "  wrong shape: layers.0.weight is (4, 3), needed (4, 2)",
        "  wrong dtype: layers.1.weight is complex128, needed float64",
        "  unexpected: extra (2,)",
    ]
    assert all(np.array_equal(value.numpy(), before[name].numpy()) for name, value in model.state_dict().items())


def test_not_strict_passes_over_names_but_never_over_shapes():
    model = network()
    result = model.load_state_dict({"layers.0.bias": np.ones(4), "extra": np.ones(1)}, strict=False)
    assert result.unexpected_keys == ["extra"]
    assert result.missing_keys == ["layers.0.weight", "layers.1.weight", "layers.1.bias"]
    assert model.layers[0].bias.tolist() == [1.0] * 4
    with pytest.raises(nn.StateDictError, match="wrong shape"):
        model.load_state_dict({"layers.0.bias": np.ones(5)}, strict=False)


def test_a_saved_graph_notices_that_weights_were_loaded():
    layer = nn.Linear(2, 1)
    loss = ac.sum(layer(ac.tensor([[1.0, 2.0]], requires_grad=True)))
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(ac.errors.MutationError):
        loss.backward()


# -- copies and conversions ------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_shares_nothing_but_what_was_shared(copied):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)).eval()
    model[1].weight = model[0].weight
    model.register_buffer("count", ac.tensor([1.0]))
    ac.sum(model(np.ones((1, 2)))).backward()
    twin = copied(model)
    assert twin[1].weight is twin[0].weight
    assert type(twin[0].weight) is nn.Parameter
    assert not twin.training
    assert np.array_equal(twin[0].weight.grad.numpy(), model[0].weight.grad.numpy())
    twin[0].weight.copy_(0.0)
    twin.count.copy_(5.0)
    assert model[0].weight.numpy().any()
    assert model.count.item() == 1.0
    assert names(twin.named_buffers()) == ["count"]


def test_conversion_keeps_the_very_parameters():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    model.register_buffer("mean", ac.tensor([1.0]))
    model.register_buffer("steps", ac.tensor([1]))
    ac.sum(model(np.ones((1, 2)))).backward()
    weight = model[0].weight
    assert model.float() is model
    assert model[0].weight is weight is model[1].weight
    assert weight.dtype == weight.grad.dtype == model.mean.dtype == np.float32
    assert model.steps.dtype == np.int64
    assert model(np.ones((1, 2), np.float32)).dtype == np.float32
    ac.sum(model(np.ones((1, 2), np.float32))).backward()
    assert model.double().mean.dtype == np.float64
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float64)}


def test_complex_parameters_stay_complex():
    model = nn.Module()
    model.w = nn.Parameter([1.0 + 2.0j])
    assert model.float().w.dtype == np.complex64
    assert model.w.tolist() == [1.0 + 2.0j]


def test_conversion_to_integers_is_refused():
    with pytest.raises(ac.errors.DTypeError, match="computes with floating numbers; int64 is none"):
        network().to(int)


# -- training --------------------------------------------------------------------------------------------


def test_train_and_eval_reach_every_module():
    model = network()
    assert all(m.training for m in model.modules())
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())


def test_zero_grad_forgets_gradients_or_zeroes_them():
    model = network()
    ac.sum(model(np.ones((3, 2)))).backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad(set_to_none=False)
    assert not any(p.grad.numpy().any() for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_frozen_parameters_get_no_gradient():
    model = network()
    model.layers[0].requires_grad_(False)
    ac.sum(model(np.ones((3, 2)))).backward()
    assert [p.grad is None for p in model.parameters()] == [True, True, False, False]
    assert model.requires_grad_().layers[0].weight.requires_grad


def test_apply_visits_children_first():
    visited = []
    model = network()
    assert model.apply(lambda m: visited.append(type(m).__name__)) is model
    assert visited == ["Linear", "Linear", "ModuleList", "Tanh", "MLP"]


# -- text ------------------------------------------------------------------------------------------------


def test_the_text_is_a_tree():
    assert repr(nn.Sequential(nn.Linear(1, 2), nn.Sequential(nn.Tanh(), nn.Softplus(2.0)), nn.Sequential())) == (
        "Sequential(\n"
        "  (0): Linear(in_features=1, out_features=2, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): Tanh()\n"
        "    (1): Softplus(beta=2.0)\n"
        "  )\n"
        "  (2): Sequential()\n"
        ")"
    )


# -- containers ------------------------------------------------------------------------------------------


def test_sequential_takes_names():
    model = nn.Sequential({"first": nn.Linear(1, 2), "bend": nn.Tanh()})
    assert list(model.state_dict()) == ["first.weight", "first.bias"]
    assert model(np.ones((5, 1))).shape == (5, 2)


def test_sequential_is_a_list_of_modules():
    model = nn.Sequential(nn.Linear(1, 2), nn.Tanh(), nn.Linear(2, 1))
    assert isinstance(model[-1], nn.Linear)
    assert names(model[1:].named_modules()) == ["", "0", "1"]
    assert model[1:][1] is model[2]
    model[1] = nn.ReLU()
    assert [type(m) for m in model] == [nn.Linear, nn.ReLU, nn.Linear]
    assert len(model.append(nn.Sigmoid())) == 4


def test_an_empty_sequential_gives_its_input():
    x = ac.tensor([1.0])
    assert nn.Sequential()(x) is x


def test_a_function_is_no_layer():
    with pytest.raises(TypeError, match=r"Sequential holds Modules, not a function.*nn.Tanh"):
        nn.Sequential(nn.Linear(1, 1), ac.tanh)
