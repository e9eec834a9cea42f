"""What drawings show beyond the graph: values, gradients, orders, modules, programs, failures; pages, Mermaid, the command."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import autograd_core as ac
import nn
from autograd_core.errors import ShapeError
from autograd_core.viz import backends
from autograd_core.viz.clusters import framed
from autograd_core.viz.command import main
from autograd_core.viz.rules import brief
from autograd_core.viz.style import DARK, WIDTH, edge_looks, text_width
from autograd_core.viz.svg import free_place

ROOT = Path(__file__).resolve().parents[2]


def leaf(values, name=None):
    return ac.tensor(values, dtype=float, requires_grad=True, name=name)


def lecture():
    """σ(z) = z² between two matrices: the numbers are those worked by hand."""
    w1, w2 = leaf([[1.0, 2.0], [0.0, -1.0]], "W1"), leaf([[1.0, -1.0]], "W2")
    with ac.viz.record():
        y = ac.sum(w2 @ ac.square(w1 @ ac.tensor([1.0, 0.5])))
        y.backward(retain_graph=True)
    return w1, w2, y


def deep(blocks=8):
    layers = [layer for _ in range(blocks) for layer in (nn.Linear(4, 4), nn.Tanh())]
    net = nn.Sequential(nn.Linear(3, 4), *layers, nn.Linear(4, 1))
    with ac.viz.record():
        return net, ac.sum(net(ac.ones((2, 3))))


def facts(drawing, label):
    return dict(next(box for box in drawing.nodes if box.label == label).facts)


# -- a function and its inputs -----------------------------------------------------------------------------------------------


def test_a_model_is_drawn_with_its_inputs():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    drawing = ac.viz.draw(net, np.ones((2, 3)))
    labels = [box.label for box in drawing.nodes]
    assert labels.count("tanh") == 1
    assert {"x", "0.weight", "2.bias"} <= set(labels)
    assert [group.label for group in drawing.groups][:1] == ["Sequential"]
    assert not drawing.notes
    assert all(p.grad is None for p in net.parameters())


def test_a_function_is_drawn_with_its_inputs():
    f = lambda x, times, scale: ac.sum(ac.sin(x) ** times * scale)
    drawing = ac.viz.draw(f, [1.0, 2.0], 3, leaf(2.0, "s"), title="f")
    assert [box.label for box in drawing.nodes if box.kind == "leaf"] == ["s", "x"]
    assert facts(drawing, "sin")["value"] == "[0.84147, 0.9093]"
    assert ac.viz.draw(ac.compile(f), [1.0, 2.0], 3, 2.0) != drawing
    assert ac.viz.draw(lambda *xs: ac.stack(xs), 1.0, 2.0).nodes[0].label == "input 0"
    assert "embedding" in repr(ac.viz.draw(nn.Embedding(4, 2), [0, 3], title="embedding"))


def test_what_is_no_function_is_not_called():
    with pytest.raises(TypeError, match="draw: inputs are given for a Tensor, which is no function"):
        ac.viz.draw(leaf(1.0) * 2.0, 3.0)
    with pytest.raises(TypeError, match=r"'output' is of type Linear, .* Call it, or give its inputs: draw\(f, x\)"):
        ac.viz.draw(nn.Linear(3, 4))
    with pytest.raises(ShapeError):
        ac.viz.draw(nn.Linear(3, 4), np.ones((2, 5)))


# -- values, gradients, lines ----------------------------------------------------------------------------------------------


def test_values_and_gradients_are_those_worked_by_hand():
    w1, _, y = lecture()
    drawing = ac.viz.draw(y)
    assert facts(drawing, "square")["value"] == "[4, 0.25]"
    assert facts(drawing, "square")["gradient"] == "[1, -1]"
    assert facts(drawing, "W1")["gradient"] == brief(w1.grad.numpy()) == "[[4, 2], [1, 0.5]]"
    assert facts(drawing, "W2")["gradient"] == "[[4, 0.25]]"
    boxes = {box.label: box.details for box in ac.viz.draw(y, show_values=True).nodes}
    assert boxes["%3 = square"] == ("(2,)", "= [4, 0.25]", "∇ [1, -1]")  # numbered, for the rules that name it
    assert boxes["%2 = matmul"][0] == "(·, [1, 0.5])"  # the data, number by number
    assert boxes["output"] == ("()", "= 3.75")


def test_the_gradients_of_nodes_agree_with_finite_sums_where_a_value_is_used_twice_and_broadcast():
    x, z = leaf(np.arange(6.0).reshape(2, 3), "x"), leaf([1.0, 2.0, 3.0], "z")
    with ac.viz.record():
        y = ac.sum(x * z + z * z)
        y.backward(retain_graph=True)
    assert facts(ac.viz.draw(y), "z")["gradient"] == brief(z.grad.numpy())


def test_source_lines_are_told_on_request():
    x = leaf(1.0, "x")
    with ac.viz.record():
        y = ac.exp(x)  # the line
    assert "ac.exp(x)  # the line" in ac.viz.text(y, lines=True)
    assert "test_viz_recorded.py" in facts(ac.viz.draw(y), "exp")["line"]
    assert "#" not in ac.viz.text(y)


def test_profiled_nodes_have_times_and_all_have_the_bytes_they_keep():
    x = leaf(np.ones(100), "x")
    with ac.viz.record(profile=True):
        y = ac.exp(x)
    told = facts(ac.viz.draw(y), "exp")
    assert told["time"].endswith("µs")
    assert told["kept"] == "800 B"


def test_a_recording_changes_no_number_and_keeps_no_graph_alive():
    def run():
        x = leaf([0.3, -0.2])
        y = ac.sum(ac.tanh(x) ** 3)
        y.backward()
        return x.grad.numpy()

    plain = run()
    with ac.viz.record():
        assert np.array_equal(run(), plain)
    from autograd_core.viz.record import notes

    before = len(notes)
    with ac.viz.record():
        run()
    assert len(notes) == before


def test_a_recording_changes_no_gradient_within_a_batch():
    def f(x):
        with ac.viz.record(), ac.no_grad(), ac.enable_grad():
            return x**3

    x = np.array([1.0, 2.0])
    assert ac.grad(lambda x: ac.sum(ac.vmap(f)(x)))(x).tolist() == [3.0, 12.0]


def test_a_recording_sees_the_gradients_of_sweeps_that_are_checked():
    x = leaf(3.0, "x")
    with ac.viz.record(), ac.detect_anomaly():
        y = x * x
        y.backward()
    assert dict(ac.viz.draw(y).nodes[0].facts)["gradient"] == "6"


def test_a_short_text_of_an_array():
    assert brief(np.array([1.0, 2.5])) == "[1, 2.5]"
    assert brief(np.arange(10.0)) == "min 0, mean 4.5, max 9"
    assert brief(np.array([np.nan] * 2 + [1.0] * 8)) == "min 1, mean 1, max 1, 2 NaN or infinite"
    assert brief(np.full(9, np.inf)) == "all 9 NaN or infinite"
    assert brief(np.array([True, False])) == "[True, False]"


# -- orders and the backward pass ------------------------------------------------------------------------------------------


def test_the_graph_of_a_gradient_of_a_gradient_is_tinted_by_order():
    x = leaf(0.5, "x")
    with ac.viz.record():
        y = ac.sin(x) ** 3
        (slope,) = ac.gradients(y, [x], create_graph=True)
        (bend,) = ac.gradients(slope, [x], create_graph=True)
    drawing = ac.viz.draw({"y": y, "y'": slope, "y''": bend})
    assert [g.label for g in drawing.groups] == ["first derivative", "second derivative"]
    assert not drawing.notes
    group = {(box.label, box.group) for box in drawing.nodes}
    assert {("power_of", None), ("square", "first derivative"), ("negative", "second derivative")} <= group
    assert {box.group for box in ac.viz.draw(slope).nodes} == {None, "first derivative"}


def test_without_a_recording_the_drawing_says_how_to_have_the_orders_tinted():
    x = leaf(0.5, "x")
    y = ac.sin(x) ** 3
    (slope,) = ac.gradients(y, [x], create_graph=True)
    assert any("viz.record()" in note for note in ac.viz.draw(slope).notes)
    assert not ac.viz.draw(y).notes
    assert not ac.viz.draw(slope, groups={"y": y}).notes


def test_links_go_from_the_operation_to_its_derivative():
    x = leaf(0.5, "x")
    with ac.viz.record():
        y = ac.sin(ac.exp(x))
        (slope,) = ac.gradients(y, [x], create_graph=True)
    drawing = ac.viz.draw({"y": y, "y'": slope}, links=True)
    name = {box.id: box.label for box in drawing.nodes}
    assert ("sin", "cos") in [(name[e.source], name[e.target]) for e in drawing.edges if e.kind == "link"]


def test_the_backward_graph_runs_the_other_way_and_has_the_rules():
    _, _, y = lecture()
    forward, back = ac.viz.draw(y), ac.viz.draw(y, show="backward")
    values = [(e.source, e.target) for e in forward.edges]
    assert [(e.target, e.source) for e in back.edges] == [(f"d{s}", f"d{t}") for s, t in values]
    square = next(box for box in back.nodes if box.label == "∂ square")
    assert re.fullmatch(r"∂%\d/∂%\d = 2%\d", square.details[0])
    assert square.details[1] == "∇%3 = [1, -1]"
    assert [box.label for box in back.nodes if box.kind == "gradient"] == ["∇ W1", "∇ W2", "seed of output"]


def test_both_passes_are_linked_and_can_be_laid_out():
    _, _, y = lecture()
    drawing = ac.viz.draw(y, show="both", backend="builtin")
    assert {e.kind for e in drawing.edges} == {"value", "gradient", "link"}
    assert len([e for e in drawing.edges if e.kind == "link"]) == 5
    assert drawing.layout.centres


def test_rules_tell_what_becomes_of_a_gradient_that_was_broadcast_joined_or_chosen():
    x, b = leaf(np.ones((2, 3)), "x"), leaf(np.ones(3), "b")
    with ac.viz.record():
        y = ac.where(np.arange(3) > 0, ac.concatenate([x + b, x * b]), 0.0)
    rules = {box.label: [text for name, text in box.facts if name == "rule"] for box in ac.viz.draw(y).nodes}
    assert rules["add"] == ["∂%2/∂x = 1", "∂%2/∂b = 1, summed over repeats"]
    assert rules["multiply"] == ["∂%3/∂x = b", "∂%3/∂b = x, summed over repeats"]
    assert rules["concatenate"] == ["∇%2 = its part of ∇%4", "∇%3 = its part of ∇%4"]
    assert rules["where"] == ["∇%4 = ∇%5 where the condition holds, else 0"]


# -- what is wrong ---------------------------------------------------------------------------------------------------------


def test_the_way_of_a_nan_is_marked_from_where_it_began():
    x = leaf([1.0, -1.0], "x")
    with ac.viz.record(), np.errstate(all="ignore"):
        y = ac.sum(ac.log(x) * ac.exp(x)) + ac.sum(ac.sin(x))
    marks = {box.label: box.mark for box in ac.viz.draw(y).nodes}
    assert (marks["log"], marks["multiply"], marks["exp"], marks["sin"], marks["add"]) == ("nan!", "nan", "", "", "nan")
    assert not any(box.mark for box in ac.viz.draw(y, highlight=None).nodes)


def test_a_note_and_the_arrows_tell_the_way_of_a_nan():
    x = leaf([1.0, -1.0], "x")
    with ac.viz.record(), np.errstate(all="ignore"):
        y = ac.sum(ac.log(x) * ac.exp(x)) + ac.sum(ac.sin(x))
    drawing = ac.viz.draw(y)
    assert "NaN or infinity began at %1 = log (value)." in drawing.notes
    label = {box.id: box.label for box in drawing.nodes}
    wide = {(label[e.source], label[e.target]) for e, (*_, w) in zip(drawing.edges, edge_looks(drawing)) if w > WIDTH}
    assert wide == {("log", "multiply"), ("multiply", "sum"), ("sum", "add"), ("add", "output")}
    assert drawing.nodes[-1].mark == "nan"


def test_a_nan_that_begins_in_a_gradient_is_told_with_the_rule_that_made_it():
    x = leaf([1.0, 2.0], "x")
    with ac.viz.record(), np.errstate(all="ignore"):
        y = ac.sum(ac.sqrt(x * 0.0))
        y.backward(retain_graph=True)
    drawing = ac.viz.draw(y)
    assert {box.label: box.mark for box in drawing.nodes if box.mark} == {"x": "nan", "multiply": "nan!"}
    assert drawing.notes == ("NaN or infinity began at %1 = multiply (gradient, by the rule of sqrt).",)


def test_the_way_of_a_zero_gradient_is_marked():
    x = leaf([-1.0, -2.0], "x")
    with ac.viz.record():
        y = ac.sum(ac.relu(ac.sin(x) - 3.0)) + ac.sum(x)
        y.backward(retain_graph=True)
    drawing = ac.viz.draw(y, highlight="zero")
    marks = {box.label: box.mark for box in drawing.nodes}
    assert (marks["sin"], marks["subtract"], marks["relu"]) == ("zero", "zero!", "")
    assert drawing.notes == ("A gradient of zero began at %2 = subtract (gradient, by the rule of relu).",)


def test_the_graph_of_an_expression_that_failed():
    x, w = leaf(np.ones((3, 4)), "x"), leaf(np.ones((5, 2)), "w")
    recorded = ac.viz.record()
    with pytest.raises(ShapeError), recorded:
        ac.tanh(x) @ (2.0 * w)
    drawing = ac.viz.draw(recorded)
    assert [(box.label, box.kind) for box in drawing.nodes][-1] == ("matmul", "failed")
    assert [(e.target, e.operand) for e in drawing.edges][-2:] == [("failed", 0), ("failed", 1)]
    assert any("inner sizes differ" in note for note in drawing.notes)
    with pytest.raises(ShapeError), recorded:
        ac.tanh(x) + w
    assert ac.viz.draw(recorded).nodes[-1].label == "add"


def test_a_module_that_refuses_its_input_is_drawn_up_to_there():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(3, 4), nn.Linear(5, 2)

        def forward(self, x):
            return self.second(ac.tanh(self.first(x)))

    recorded = ac.viz.record()
    with pytest.raises(ShapeError), recorded:
        Net()(ac.ones((2, 3)))
    drawing = ac.viz.draw(recorded)
    assert (drawing.nodes[-1].label, drawing.nodes[-1].kind) == ("linear", "failed")
    labels = {box.id: box.label for box in drawing.nodes}
    assert {labels[e.source] for e in drawing.edges if e.target == "failed"} >= {"tanh", "second.weight"}
    recorded = ac.viz.record()
    with pytest.raises(ShapeError), recorded:
        nn.LayerNorm(4)(leaf(np.ones((2, 3)), "x"))
    box = ac.viz.draw(recorded).nodes[-1]  # not what the helper that looked at x was given
    assert (box.label, box.details) == ("layer_norm", ("given (2, 3), (4,), (4,)",))


@pytest.mark.parametrize(
    "fail, name", [(lambda x: ac.reshape(x, (2, 2)), "reshape"), (lambda x: ac.concatenate([x, x[0]]), "concatenate")]
)
def test_a_function_that_refuses_its_operands_is_drawn(fail, name):
    x, recorded = leaf([1.0, 2.0, 3.0], "x"), ac.viz.record()
    with pytest.raises(ShapeError), recorded:
        fail(x)
    box = ac.viz.draw(recorded).nodes[-1]
    assert (box.label, box.kind, box.details[0][:9]) == (name, "failed", "given (3,")


# -- modules ---------------------------------------------------------------------------------------------------------------


def test_modules_are_frames_and_parameters_have_their_names():
    net, y = deep(1)
    drawing = ac.viz.draw(y)
    frames = {g.id: g for g in drawing.groups}
    assert [g.label for g in drawing.groups] == ["Sequential", "0: Linear", "1: Linear", "3: Linear"]
    assert frames[drawing.groups[1].id].parent == drawing.groups[0].id
    home = {box.label: box.module for box in drawing.nodes}
    assert home["0.weight"] == drawing.groups[1].id
    assert home["sum"] is None
    assert sorted(b.label for b in drawing.nodes if b.kind == "leaf") == sorted(n for n, _ in net.named_parameters())


def test_a_model_can_be_given_for_the_names():
    net = nn.Linear(2, 1)
    y = ac.sum(net(ac.ones((1, 2))))
    assert "leaf weight (1, 2)" in ac.viz.text(y, names=net)


def test_a_module_that_is_called_twice_has_two_frames():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with ac.viz.record():
        y = ac.sum(net(net(ac.ones((1, 2)))))
    titles = [g.label for g in ac.viz.draw(y).groups]
    assert any("call 2" in title for title in titles)


def test_depth_closes_modules_and_repetitions_are_drawn_once():
    _, y = deep()
    drawing = ac.viz.draw(y, depth=1)
    assert [box.label for box in drawing.nodes] == ["0: Linear", "Linear + tanh × 8", "17: Linear", "sum", "output"]
    assert sum(box.operations for box in drawing.nodes) == sum(box.operations for box in ac.viz.draw(y).nodes)
    assert ac.viz.draw(y, depth=0).nodes[0].label == "Sequential"


def test_collapse_is_asked_for_each_module():
    _, y = deep(1)
    drawing = ac.viz.draw(y, collapse=lambda path, kind: path == "1" and kind == "Linear")
    assert [box.label for box in drawing.nodes if box.kind == "folded"] == ["1: Linear"]


def test_the_size_guard_closes_modules_first_and_says_so():
    _, y = deep(30)
    drawing = ac.viz.draw(y, limit=20)
    assert len(drawing.nodes) <= 20
    assert "modules are closed" in drawing.notes[0]


def test_the_steps_of_a_recurrent_network_are_drawn_once():
    net = nn.LSTM(3, 4)
    y, _ = net(ac.ones((50, 2, 3)))
    for limit in (60, 400):  # the second would also hold what is used once, together with its use, which tells less
        labels = [box.label for box in ac.viz.draw(ac.mean(y), limit=limit).nodes]
        assert any(re.fullmatch(r"\d+ ops × (49|50)", label) for label in labels)


def test_focus_draws_only_what_a_node_was_computed_from():
    x = leaf(0.5, "x")
    h = ac.sin(x)
    y = ac.exp(h) + ac.cos(x)
    for focus in (h, "h"):
        assert [box.label for box in ac.viz.draw(y, names={"h": h}, focus=focus).nodes] == ["x", "h = sin", "h"]
    with pytest.raises(ValueError, match="not in this graph"):
        ac.viz.draw(y, focus=ac.tan(x))
    with pytest.raises(ValueError, match="not in this graph"):
        ac.viz.draw(y, focus="nobody")


@pytest.mark.parametrize("backend", ["builtin", None])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_frames_hold_their_boxes_and_no_others(backend, direction):
    _, y = deep(2)
    drawing = ac.viz.draw(y, backend=backend, direction=direction)
    layout = drawing.layout
    parent = {g.id: g.parent for g in drawing.groups}
    assert set(layout.frames) == set(parent)
    for box, (x, z), (w, h) in zip(drawing.nodes, layout.centres, layout.sizes, strict=True):
        homes, home = set(), box.module
        while home:
            homes.add(home)
            home = parent[home]
        for name, (left, top, width, height) in layout.frames.items():
            inside = left <= x - w / 2 and x + w / 2 <= left + width and top <= z - h / 2 and z + h / 2 <= top + height
            apart = x + w / 2 <= left or x - w / 2 >= left + width or z + h / 2 <= top or z - h / 2 >= top + height
            assert inside if name in homes else apart


def test_edges_into_frames_end_at_their_boxes():
    sizes, edges = [(60, 30)] * 4, [(0, 1), (1, 2), (0, 2), (2, 3), (1, 3), (1, 3)]
    layout = framed(sizes, edges, [None, "a", "b", None], {"a": None, "b": "a"}, {"a": 9.0, "b": 9.0}, "TB", 13.0, "built-in")
    for (_, t), route in zip(edges, layout.routes, strict=True):
        x, y = layout.centres[t]
        assert route[-1][1] == pytest.approx(y - 15)
        assert abs(route[-1][0] - x) <= 30
    assert layout.routes[4][-1] != layout.routes[5][-1]


def test_a_title_stays_at_the_left_where_there_is_no_free_place():
    assert free_place(0.0, 50.0, 40.0, []) == 0.0
    assert free_place(0.0, 100.0, 40.0, [[10.0, 10.0]]) == 16.0
    assert free_place(0.0, 50.0, 40.0, [[10.0, 10.0]]) == 0.0


@pytest.mark.parametrize("backend", ["builtin", None])
def test_no_edge_runs_through_the_title_of_a_frame(backend):
    _, y = deep(2)
    drawing = ac.viz.draw(y, backend=backend)
    layout = drawing.layout
    svg = ElementTree.fromstring(drawing.svg)
    frames = [e for e in svg.iter("{http://www.w3.org/2000/svg}g") if e.get("data-group")]
    assert len(frames) == len(drawing.groups) > 3
    for frame in frames:
        title = frame.find("{http://www.w3.org/2000/svg}text")
        x, base = float(title.get("x")), float(title.get("y"))
        right = x + text_width(title.text, 10.5) * 0.9
        for route in layout.routes:
            for (x0, y0), (x1, y1) in pairwise(route):
                above, below = min(y0, y1) < base + 2, max(y0, y1) > base - 10
                assert not (above and below) or max(x0, x1) < x or min(x0, x1) > right


# -- programs --------------------------------------------------------------------------------------------------------------


def compiled():
    f = ac.compile(lambda x: ac.sum((ac.tanh(x) * 2.0 + 0.0) ** 2 / 2.0))
    for _ in range(2):
        f(np.linspace(0.0, 1.0, 4))
    return f


def test_a_program_is_drawn_and_listed():
    f = compiled()
    drawing = ac.viz.draw(f.programs[0])
    assert drawing == ac.viz.draw(f)
    assert [box.label for box in drawing.nodes][:2] == ["argument 0", "tanh"]
    assert [box.kind for box in drawing.nodes][-1] == "output"
    assert sum(box.operations for box in drawing.nodes) == len(f.programs[0])
    assert ac.viz.text(f.programs[0]) == str(f.programs[0])
    assert next(box.details for box in drawing.nodes if box.label == "sum") == ("()",)  # defaults are not told
    for choice in ({"show": "both"}, {"focus": "tanh"}, {"groups": {}}):
        with pytest.raises(ValueError, match="forwards and whole"):
            ac.viz.draw(f, **choice)


def test_the_stages_of_a_program_stand_in_frames():
    drawing = ac.viz.draw(compiled().programs[0].stages)
    assert [g.label for g in drawing.groups] == ["captured", "lowered", "simplified"]
    assert len({box.id for box in drawing.nodes}) == len(drawing.nodes)
    assert drawing.svg


def test_a_large_program_is_held_to_the_limit_and_an_uncalled_function_has_none():
    def long(x):
        for _ in range(300):
            x = ac.sin(x)
        return x

    f = ac.compile(long)
    with pytest.raises(ValueError, match="no program yet"):
        ac.viz.draw(f)
    for _ in range(2):
        f(np.ones(2))
    drawing = ac.viz.draw(f, limit=20)
    assert len(drawing.nodes) <= 20
    assert "draw(..., limit=None)" in drawing.notes[0]


# -- Mermaid, pages, steps -------------------------------------------------------------------------------------------------


def test_mermaid_has_a_line_a_box_and_one_an_edge_and_no_markup_from_labels(tmp_path):
    x = leaf(0.5, 'a<b> & "c" \\N \n second')
    drawing = ac.viz.draw(ac.exp(x))
    lines = drawing.mermaid.splitlines()
    assert lines[0] == "flowchart TD"
    assert lines[1].startswith('  v0(["a#60;b#62; #38; #34;c#34; #92;N <br/> second')
    assert [line for line in lines if "-->" in line] == ["  v0 --> v1", "  v1 --> v2"]
    assert drawing.save(tmp_path / "g.mmd").read_text(encoding="utf-8") == drawing.mermaid
    _, y = deep(1)
    nested = ac.viz.draw(y).mermaid
    assert nested.count("subgraph") == len(re.findall(r"^  end$", nested, re.M)) == 4


def test_the_steps_play_values_then_gradients_with_the_local_rules():
    _, _, y = lecture()
    steps = ac.viz.draw(y).steps
    assert [s.phase for s in steps] == ["forward"] * 6 + ["backward"] * 6
    assert [s.box for s in steps[6:]] == [s.box for s in steps[5::-1]]
    (square,) = [s for s in steps if s.phase == "backward" and "2%" in str(s.rules)]
    assert square.value == "[1, -1]"
    assert square.rules == (("n2", "∂%3/∂%2 = 2%2", "[4, 1] goes to ∇%2"),)
    assert square.text == "∇%3 goes back through %3 = square(%2)"
    assert steps[2].text == "%2 = matmul(W1, [1, 0.5])"
    assert steps[-1].text == "∇W1 is complete"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.addresses, self.inside, self.scripts = [], None, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.addresses += [v for k, v in attributes if k in ("src", "href")]
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.inside == "script" and self.scripts:
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        self.inside = None


def test_a_page_is_one_file_that_loads_nothing_and_holds_all_data(tmp_path):
    x = leaf([0.5, 1.0], '</script><b>&"\u2028')
    with ac.viz.record():
        y = ac.sum(ac.sin(x))
        y.backward(retain_graph=True)
    drawing = ac.viz.draw(y, title="<i>")
    text = drawing.save(tmp_path / "graph.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.addresses == []
    assert not re.search(r"@import|url\(|fetch\(|XMLHttp", text)
    data = json.loads(page.scripts[0])
    assert [n["id"] for n in data["nodes"]] == [b.id for b in drawing.nodes]
    assert len(data["steps"]) == len(drawing.steps)
    dark = text.partition("prefers-color-scheme: dark")[2]
    assert all(f'[fill="{a}"] {{ fill: {b}; }}' in dark for a, b in DARK.items())


DRIVER = Path(__file__).with_name("page_driver.js")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_the_script_of_the_page_searches_hovers_folds_and_plays(tmp_path):
    _, y = deep(1)
    path = ac.viz.draw(y).save(tmp_path / "graph.html")
    script = ROOT / "autograd_core" / "viz" / "page.js"
    done = subprocess.run(["node", DRIVER, path, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["found"] == told["matching"] > 0
    assert told["near"] == told["neighbours"] > 1
    assert told["hidden"] == told["inside"] > 0
    assert told["shown_again"] == 0
    assert told["first_step"].startswith("1/")
    assert told["zoomed"]
    assert told["details"]


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--window-size=1200,1600",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LEAD = """<script>
const key = (k, more) => document.dispatchEvent(new KeyboardEvent("keydown", { key: k, ...more }));
const told = {}, of = (s) => document.querySelectorAll(s), one = (s) => document.querySelector(s);
const at = (s) => one(s).getBoundingClientRect(), opacity = (x) => getComputedStyle(x).opacity;
const point = (what, target, x, y) => target.dispatchEvent(
  new PointerEvent(what, { clientX: x, clientY: y, bubbles: true, pointerId: 1 }));
%s
document.body.textContent = "TOLD" + JSON.stringify(told) + "DLOT";
</script></body>"""


def driven(drawing, deeds, folder):
    """What a real browser tells after these deeds on the page of a drawing."""
    path = folder / "graph.html"
    path.write_text(drawing.html.replace("</body>", LEAD % deeds), encoding="utf-8")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1200,1600",
        *QUIET,
        f"--user-data-dir={folder / 'profile'}",
        "--dump-dom",
    ]
    done = subprocess.run([BROWSER, *options, path.as_uri()], capture_output=True, text=True, check=False, timeout=120)
    return json.loads(done.stdout.partition("TOLD")[2].partition("DLOT")[0])


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_the_page_answers_in_a_browser(tmp_path):
    _, _, y = lecture()
    drawing = ac.viz.draw(y, show_values=True)
    told = driven(
        drawing,
        """
const whole = at("svg").width; key("+"); told.larger = at("svg").width > whole;
key("0"); told.fits = at("svg").width <= innerWidth;
const kept = at("svg").width; key("+", { ctrlKey: true }); told.leaves_the_browser_its_keys = at("svg").width === kept;
const box = of("[data-node]")[1]; point("pointerenter", box);
told.dimmed = [...of("[data-node]")].filter((x) => opacity(x) < 1).length;
point("pointerleave", box);
const x = at("svg").left; point("pointerdown", box, 50, 50); point("pointermove", box, 90, 50); point("pointerup", box, 90, 50);
told.panned = at("svg").left - x; box.dispatchEvent(new MouseEvent("click")); told.drag_is_no_click = one("aside").hidden;
point("pointerdown", box, 50, 50); point("pointerup", box, 50, 50); box.dispatchEvent(new MouseEvent("click"));
told.details = one("aside h2").textContent;
for (let k = 0; k < 9; k++) key("ArrowRight");
told.step = one("output").textContent; told.told = one("aside").textContent; told.written = one(".rule").textContent;
told.unknown = [...of(".unknown")].map((x) => x.textContent);
key("Escape"); told.closed = one("aside").hidden && !one(".rule");
one("input").value = "matmul"; one("input").dispatchEvent(new Event("input")); told.found = of(".found").length;
""",
        tmp_path,
    )
    assert told["larger"]
    assert told["fits"]
    assert told["leaves_the_browser_its_keys"]
    assert told["dimmed"] == len(drawing.nodes) - 2  # all but a leaf and its one use
    assert told["panned"] == 40
    assert told["drag_is_no_click"]
    assert told["details"] == drawing.nodes[1].label
    assert told["step"] == "9/12  backward"
    assert "[1, -1]" in told["told"]
    assert "[4, 1] goes to ∇%2" in told["told"]
    assert told["written"] == "∂%3/∂%2 = 2%2"
    assert told["unknown"] == ["∇ [[4, 2], [1, 0.5]]", "∇ [[4, 0.25]]", "∇ [4, 1]"]  # of W1, W2 and the first product
    assert told["closed"]
    assert told["found"] == 2


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_a_large_page_opens_at_its_beginning_and_follows_the_steps(tmp_path):
    _, y = deep(80)
    told = driven(
        ac.viz.draw(y, backend="builtin", limit=None),
        """
const seen = (box) => box.left >= -1 && box.right <= innerWidth + 1 && box.top >= 0 && box.bottom <= innerHeight + 1;
const boxes = () => [...of("[data-node]")].map((x) => x.getBoundingClientRect());
const top_one = boxes().reduce((a, b) => (b.top < a.top ? b : a));
told.begins = seen(top_one); told.size = at("[data-node]").height;
for (let k = 0; k < 60; k++) key("ArrowRight");
told.follows = seen(at(".now")); told.step = one("output").textContent;
key("0"); told.whole = seen(at(".stage svg"));
""",
        tmp_path,
    )
    assert told["begins"]
    assert told["size"] > 20
    assert told["follows"]
    assert told["step"].startswith("60/")
    assert told["whole"]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_a_module_closes_to_one_box_in_a_browser(tmp_path):
    _, y = deep(1)
    told = driven(
        ac.viz.draw(y, backend="builtin"),
        """
const frame = [...of("[data-group]")].find((x) => x.textContent.startsWith("1: Linear")), cover = frame.querySelector(".cover");
const shown = (x) => getComputedStyle(x).visibility === "visible", order = () => [...frame.parentNode.children].indexOf(frame);
told.before = [shown(cover), order()]; frame.dispatchEvent(new MouseEvent("click"));
const place = frame.getBoundingClientRect();
told.closed = [shown(cover), frame.textContent];
told.on_top = document.elementFromPoint(place.left + place.width / 2, place.top + place.height * 0.7).parentNode === frame;
told.above_the_edges = Boolean(frame.compareDocumentPosition(one("[data-edge]")) & Node.DOCUMENT_POSITION_PRECEDING);
told.inside = [...of("[data-node].hidden")].length;
frame.dispatchEvent(new MouseEvent("click")); told.after = [shown(cover), order()]; told.hidden = of(".hidden").length;
""",
        tmp_path,
    )
    assert told["closed"] == [True, "1: Linear1: Linear3 operations, 2 leaves"]
    assert told["on_top"]
    assert told["above_the_edges"]
    assert told["inside"] == 5
    assert told["before"] == told["after"]
    assert told["hidden"] == 0


# -- the command -----------------------------------------------------------------------------------------------------------

PROGRAM = """
import autograd_core as ac
x = ac.tensor([1.0, 2.0], requires_grad=True, name="x")
def loss():
    return ac.sum(ac.tanh(x))
def wrong():
    return ac.tanh(x) @ (x.reshape(1, 2))
def lost():
    return {}["key"]
def scaled(x, *more, factor, power=2, **rest):
    return ac.sum(factor * x**power)
if __name__ == "__main__":
    raise SystemExit("a training")
number = 3
"""


def test_the_command_draws_what_a_function_returns(tmp_path, capsys):
    (tmp_path / "model.py").write_text(PROGRAM, encoding="utf-8")
    target = tmp_path / "graph.json"
    assert main(["graph", f"{tmp_path / 'model.py'}:loss", "-o", str(target)]) == 0
    data = json.loads(target.read_text(encoding="utf-8"))
    assert [n["label"] for n in data["nodes"]] == ["x", "tanh", "sum", "output"]
    assert dict(data["nodes"][1]["facts"])["gradient"] == "[1, 1]"
    assert str(target) in capsys.readouterr().out


def test_the_command_draws_up_to_the_failure_and_explains_bad_input(tmp_path, capsys):
    (tmp_path / "model.py").write_text(PROGRAM, encoding="utf-8")
    target = tmp_path / "graph.json"
    assert main(["graph", f"{tmp_path / 'model.py'}:wrong", "-o", str(target)]) == 0
    assert json.loads(target.read_text(encoding="utf-8"))["nodes"][-1]["kind"] == "failed"
    for function, words in [
        ("nofile.py:f", "no file"),
        ("x", "FILE.py:FUNCTION"),
        (f"{tmp_path / 'model.py'}:number", "It has: "),
        (f"{tmp_path / 'model.py'}:scaled", "needs arguments (x, factor), and is called without any"),
    ]:
        assert main(["graph", function, "-o", str(target)]) == 2
        assert words in capsys.readouterr().err
    assert main(["graph", f"{tmp_path / 'model.py'}:loss", "-o", str(tmp_path / "graph.bmp")]) == 2
    with pytest.raises(KeyError, match="key"):  # no op failed, so there is nothing to draw
        main(["graph", f"{tmp_path / 'model.py'}:lost", "-o", str(target)])


def test_the_help_says_how_the_function_is_called(capsys):
    with pytest.raises(SystemExit):
        main(["graph", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "It is called without arguments. The whole file is run first" in words
    assert "what FUNCTION returns: a Tensor" in words


def test_the_module_runs_the_command(monkeypatch):
    monkeypatch.setattr("sys.argv", ["autograd_core", "graph", "nofile.py:f"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("autograd_core", run_name="__main__")
    assert caught.value.code == 2


@pytest.mark.parametrize("choice", [{"show": "sideways"}, {"highlight": "inf"}, {"theme": "blue"}, {"depth": -1}])
def test_unknown_choices_are_refused(choice):
    with pytest.raises(ValueError, match=f"draw: {next(iter(choice))} is"):
        ac.viz.draw(ac.exp(leaf(1.0)), **choice)


def test_a_recorded_block_that_did_not_fail_is_no_graph():
    recorded = ac.viz.record()
    with pytest.raises(ValueError, match="has not failed at an operation. Draw"):
        ac.viz.draw(recorded)
    with pytest.raises(KeyError), recorded:
        raise KeyError("of the user")
    with pytest.raises(ValueError, match="outside of them: KeyError: 'of the user'"):
        ac.viz.draw(recorded)


def test_pictures_of_frames_without_graphviz(monkeypatch):
    monkeypatch.setattr(backends, "installed", lambda: ["builtin"])
    _, y = deep(1)
    assert "built-in" in ac.viz.draw(y).svg
