"""Message passing on meshes: the generated problem is solved rightly, the graph is that of the triangles."""

from __future__ import annotations

import os

import numpy as np
import pytest

from nn.__main__ import main
from nn.mesh_graph_net import MeshGraphNet
from nn.studies import mesh


@pytest.fixture(scope="module")
def small():
    return mesh.generate(7, 4, seed=0)


def test_the_edges_are_the_sides_of_the_triangles_both_ways(small):
    s, r = small.edges
    assert np.all(np.diff(r) >= 0)
    pairs = set(zip(s.tolist(), r.tolist(), strict=True))
    assert len(pairs) == len(s)
    assert pairs == {(b, a) for a, b in pairs}
    assert {(int(t[0]), int(t[2])) for t in small.triangles} <= pairs


def test_the_boundary_is_the_square_and_the_hole(small):
    x, y = small.x[0], small.y[0]
    a, b = small.parameters[0]
    near = lambda value, places: np.isclose(value[:, None], places).any(axis=1)
    in_hole = (x > a - 1e-9) & (x < a + mesh.HOLE + 1e-9) & (y > b - 1e-9) & (y < b + mesh.HOLE + 1e-9)
    outer = near(x, [0.0, 1.0]) | near(y, [0.0, 1.0])
    assert np.array_equal(small.boundary == 1.0, outer | in_hole)
    assert np.all(small.u[:, small.boundary == 1.0] == 0.0)
    assert np.all(small.u[:, small.boundary == 0.0] > 0.0)


def test_finite_elements_are_exact_for_the_plane_of_a_known_problem():
    """On the unit square without a hole, -Δu = 1 has its maximum 0.07367 in the middle (Timoshenko and Goodier)."""
    n = 33
    line = np.linspace(0.0, 1.0, n)
    x, y = (each.ravel() for each in np.meshgrid(line, line))
    k = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    lower, upper = np.stack([k, k + 1, k + n], axis=1), np.stack([k + 1, k + n + 1, k + n], axis=1)
    inside = np.flatnonzero((x > 0) & (x < 1) & (y > 0) & (y < 1))
    u = mesh._solved(x, y, np.concatenate([lower, upper]), inside)
    assert u.max() == pytest.approx(0.07367, rel=2e-3)


def test_several_meshes_at_once_are_the_same_as_one_after_the_other(small):
    nodes, edges, told = mesh.features(small)
    model = mesh.OnMesh(MeshGraphNet(3, 3, 1, 4, 2, 1, normalise=False, generator=0), *small.edges).float()
    both = model(nodes[:2], edges[:2]).numpy()
    assert both.dtype == np.float32
    assert both == pytest.approx(np.concatenate([model(nodes[k : k + 1], edges[k : k + 1]).numpy() for k in (0, 1)]), rel=1e-4)
    assert np.all(both[:, small.boundary == 1.0] == 0.0)
    assert np.any(both != 0.0)
    assert told.shape == (*nodes.shape[:2], 5)


def test_a_quick_run(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["mesh", "--quick", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for name in ("mean of the training meshes", "perceptron, node by node", "perceptron, told", "message passing, 2 rounds"):
        assert name in printed
    assert {"solutions.png", "losses.png", "table.txt", "history_1.csv", "history_3.csv"} <= set(os.listdir(tmp_path))


def test_the_real_meshes(physics_data):
    found = mesh.read_meshes(physics_data / mesh.FILE)
    assert (found.x.shape, found.triangles.shape, found.parameters.shape) == ((121, 1352), (2533, 3), (121, 2))
    assert len(found.edges[0]) == 2 * 3885
    assert found.boundary.sum() == 171
    assert abs(found.u[:, found.boundary == 1.0]).max() == 0.0


def test_errors_are_relative():
    truth = np.array([[3.0, 4.0], [1.0, 0.0]])
    assert mesh.errors(1.1 * truth, truth) == pytest.approx([0.1, 0.1])


def test_meshes_of_ones_own_without_parameters(small, tmp_path, capsys):
    path = tmp_path / "m.npz"
    np.savez(path, x=small.x.T, y=small.y.T, u=small.u.T, triang=small.triangles)
    assert main(["mesh", "--quick", "--data", str(path), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "m.npz: 4 meshes" in printed
    assert "told the parameters" not in printed


def test_meshes_that_cannot_be_read(small, tmp_path, capsys):
    right = {"x": small.x.T, "y": small.y.T, "u": small.u.T, "triang": small.triangles, "mu": small.parameters}
    wrong = [{"x": right["x"][1:]}, {"u": right["u"] * np.nan}, {"triang": right["triang"] + 9}, {"mu": right["mu"][1:]}]
    wrong += [{"triang": right["triang"].astype(float)}, {"y": right["y"][:, 0]}, {"x": np.full((3, 3), "a")}]
    for k, change in enumerate(wrong):
        path = tmp_path / f"{k}.npz"
        np.savez(path, **right | change)
        assert main(["mesh", "--quick", "--data", str(path), "--out", str(tmp_path / "out")]) == 2
        assert str(path) in capsys.readouterr().err
    assert main(["mesh", "--data", str(tmp_path / "none.npz"), "--out", str(tmp_path / "out")]) == 2
