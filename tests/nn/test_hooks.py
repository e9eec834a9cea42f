"""Hooks: what is called before and after a module, in which order, and what it may change."""

from __future__ import annotations

import copy

import numpy as np

import nn


def test_hooks_see_inputs_and_outputs_and_are_taken_away():
    layer, seen = nn.Linear(2, 1, generator=0), []
    before = layer.register_forward_pre_hook(lambda module, args: seen.append(("before", module, args)))
    after = layer.register_forward_hook(lambda module, args, y: seen.append(("after", module, y)))
    x = np.ones((3, 2))
    y = layer(x)
    assert [each[0] for each in seen] == ["before", "after"]
    assert seen[0][1] is seen[1][1] is layer
    assert seen[0][2][0] is x
    assert seen[1][2] is y
    before.remove()
    after.remove()
    after.remove()
    layer(x)
    assert len(seen) == 2


def test_what_a_hook_returns_is_used():
    model = nn.Sequential(nn.Identity(), nn.Identity())
    model[0].register_forward_pre_hook(lambda module, args: args[0] + 1.0)
    model[0].register_forward_pre_hook(lambda module, args: (args[0] * 10.0,))
    model[1].register_forward_hook(lambda module, args, y: -y)
    assert model(np.array([1.0, 2.0])).tolist() == [-20.0, -30.0]


def test_a_module_has_hooks_of_its_own():
    layer = nn.Identity()
    twin = copy.deepcopy(layer)
    layer.register_forward_hook(lambda *_: 0.0)
    assert twin(1.0) == 1.0
    assert nn.Identity()(1.0) == 1.0
    assert layer(1.0) == 0.0
