"""Pictures: every function writes one readable file, and the output folder is proved before a training begins."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import physics
from autograd_core.errors import MissingExtraError, ShapeError
from nn import MLP, pictures
from nn import History as Table
from physics.history import History
from physics.pictures import (
    OutputFolderError,
    open_output_folder,
    save_coefficients,
    save_field,
    save_fit,
    save_history,
    save_points,
    save_residual,
    save_slices,
    save_solution,
)

x = np.linspace(-1, 1, 21)
t = np.linspace(0, 1, 11)
u = -np.sin(np.pi * x) * np.exp(-t[:, None])
HISTORY = {
    "step": [1, 2, 3, 4, 5, 6],
    "stage": ["Adam", "Adam", "Adam", "L-BFGS", "L-BFGS", "L-BFGS"],
    "loss": [1.0, 0.5, 0.2, 0.1, 0.05, 0.01],
    "residual": [0.9, 0.4, 0.1, 0.05, 0.01, 0.0],
}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures drawn in a test, to look inside."""
    figure = pytest.importorskip("matplotlib.figure")
    drawn: list[Any] = []
    save = figure.Figure.savefig

    def savefig(self: Any, *arguments: Any, **options: Any) -> None:
        drawn.append(self)
        save(self, *arguments, **options)

    monkeypatch.setattr(figure.Figure, "savefig", savefig)
    return drawn


def draw_all(folder: Path, ending: str) -> list[Path]:
    return [
        save_field(folder / f"field{ending}", x, t, u, "u"),
        save_slices(folder / f"slices{ending}", x, t[:5], u[:5] + 0.1, u[:5], "u"),
        save_history(folder / f"history{ending}", HISTORY, "loss"),
        save_fit(folder / f"fit{ending}", x, {"plain": u[0], "L2": u[1]}, truth=u[0], points=([0, 1], [0, 1])),
    ]


@pytest.mark.parametrize(("ending", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_each_function_writes_its_file_and_returns_the_path(tmp_path: Path, ending: str, magic: bytes) -> None:
    pytest.importorskip("matplotlib")
    for path in draw_all(tmp_path, ending):
        assert path.parent == tmp_path
        assert path.read_bytes().startswith(magic)


def test_global_state_is_left_alone(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    loaded = "matplotlib.pyplot" in sys.modules
    with matplotlib.rc_context({"font.size": 7.0, "axes.grid": False}):
        before = dict(matplotlib.rcParams)
        draw_all(tmp_path, ".png")
        assert dict(matplotlib.rcParams) == before
    assert ("matplotlib.pyplot" in sys.modules) == loaded


def test_a_field_is_the_right_way_round(tmp_path: Path, figures: list[Any]) -> None:
    save_field(tmp_path / "f.png", x, t, u, "title", value_label="T (K)", points=[[0.5, 0.25]])
    axes, bar = figures[0].axes
    (mesh,) = axes.collections
    drawn = mesh.get_coordinates().reshape(-1, 2)
    values = np.asarray(mesh.get_array()).ravel()
    np.testing.assert_allclose(values, -np.sin(np.pi * drawn[:, 1]) * np.exp(-drawn[:, 0]))
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("t (–)", "x (–)", "T (K)")
    assert axes.get_title(loc="left") == "title"
    assert axes.lines[0].get_xydata().tolist() == [[0.25, 0.5]]


def test_slices_show_prediction_against_exact_at_each_time(tmp_path: Path, figures: list[Any]) -> None:
    save_slices(tmp_path / "s.png", x, t[:5], u[:5] + 0.1, u[:5])
    panels = [panel for panel in figures[0].axes if panel.get_visible()]
    assert [panel.get_title(loc="left") for panel in panels] == [f"t = {time:.3g}" for time in t[:5]]
    for i, panel in enumerate(panels):
        curves = {line.get_label(): line.get_ydata() for line in panel.lines}
        np.testing.assert_array_equal(curves["exact"], u[i])
        np.testing.assert_array_equal(curves["network"], u[i] + 0.1)


def test_history_is_logarithmic_and_marks_where_a_stage_begins(tmp_path: Path, figures: list[Any]) -> None:
    save_history(tmp_path / "h.png", HISTORY)
    (axes,) = figures[0].axes
    assert axes.get_yscale() == "log"
    assert [text.get_text() for text in axes.texts] == ["Adam", "L-BFGS"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["loss", "residual"]
    loss, residual, border = axes.lines
    assert loss.get_ydata().tolist() == HISTORY["loss"]
    assert np.isnan(residual.get_ydata()[-1])
    assert list(border.get_xdata()) == [4, 4]


def test_a_history_needs_no_steps_and_no_stages(tmp_path: Path, figures: list[Any]) -> None:
    save_history(tmp_path / "h.png", {"loss": [1.0]})
    (line,) = figures[0].axes[0].lines
    assert line.get_xydata().tolist() == [[1.0, 1.0]]
    assert line.get_marker() == "o"


def test_a_fit_shows_truth_fits_and_data(tmp_path: Path, figures: list[Any]) -> None:
    save_fit(tmp_path / "f.png", x[:, None], {"plain": u[0][:, None]}, truth=u[1], points=([[0.5]], [[0.1]]))
    (axes,) = figures[0].axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["truth", "plain", "data"]
    assert axes.lines[-1].get_xydata().tolist() == [[0.5, 0.1]]


def test_curves_differ_in_more_than_colour() -> None:
    looks = [tuple(pictures.look_of(i).values()) for i in range(28)]
    assert len(set(looks)) == 28
    assert len({color for color, _ in looks[:7]}) == 7


def test_wrong_shapes_are_named(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ShapeError, match=r"values has shape \(21, 11\); needed \(11, 21\): one row for each time"):
        save_field(tmp_path / "f.png", x, t, u.T)
    with pytest.raises(ShapeError, match=r"points has shape \(3, 3\); needed \(3, 2\)"):
        save_field(tmp_path / "f.png", x, t, u, points=np.zeros((3, 3)))
    with pytest.raises(ShapeError, match="exact has shape"):
        save_slices(tmp_path / "s.png", x, t, u, u[1:])
    with pytest.raises(ShapeError, match="no times"):
        save_slices(tmp_path / "s.png", x, [], u[:0], u[:0])
    with pytest.raises(ShapeError, match=r"history\['loss'\] has shape \(2,\); needed \(1,\)"):
        save_history(tmp_path / "h.png", {"step": [1], "loss": [1.0, 2.0]})
    with pytest.raises(ShapeError, match=r"history is empty.*Train first"):
        save_history(tmp_path / "h.png", {"loss": []})
    with pytest.raises(ShapeError, match="curve 'plain' has shape"):
        save_fit(tmp_path / "f.png", x, {"plain": u[0, 1:]})
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r'"autograd-core\[plot\]"'):
        save_field(tmp_path / "f.png", x, t, u)


def test_an_output_folder_is_made_and_left_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = open_output_folder(tmp_path / "a" / "b")
    assert folder == open_output_folder(str(folder)) == tmp_path / "a" / "b"
    assert list(folder.iterdir()) == []
    monkeypatch.chdir(tmp_path)
    assert open_output_folder("here") == tmp_path / "here"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    for path in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(OutputFolderError, match=r"taken.*: a file has that name.*--out DIR"):
            open_output_folder(path)
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_refuses_files_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(**options: Any) -> None:
        raise OSError(code, os.strerror(code), str(options["dir"]))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(OutputFolderError, match=rf"Cannot write to .*: {os.strerror(code)}\. .*--out DIR") as caught:
        open_output_folder(tmp_path)
    assert isinstance(caught.value, OSError)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputFolderError, match="Permission denied"):
        open_output_folder(tmp_path / "new")


def inverse() -> History:
    """A training in which two coefficients were found."""
    history = History()
    for k in range(5):
        terms = {"residual": 2.0 / (k + 1), "raw residual": 1.0 / (k + 1), "k": 1.0 + k, "m": -0.5}
        terms |= {"initial": 0.5, "raw initial": 0.5}
        history.add("Adam" if k < 3 else "LBFGS", 2.0 / (k + 1), terms)
    history.coefficients = ["k", "m"]
    return history


def test_losses_of_a_trainer_are_drawn(tmp_path: Path, figures: list[Any]) -> None:
    history = Table()
    history.append({"epoch": 1, "step": 7, "loss": 1.0, "lr": 1e-3, "val_loss": 2.0})
    history.append({"epoch": 2, "step": 14, "loss": 0.5, "lr": 1e-3, "val_loss": 1.0})
    save_history(tmp_path / "h.png", history)
    (axes,) = figures[0].axes
    assert {line.get_label(): line.get_ydata().tolist() for line in axes.lines} == {"loss": [1.0, 0.5], "val_loss": [2.0, 1.0]}


def test_losses_are_drawn_without_coefficients(tmp_path: Path, figures: list[Any]) -> None:
    save_history(tmp_path / "h.png", inverse())
    inverse().draw(tmp_path / "h.svg")
    for figure in figures:
        (axes,) = figure.axes
        assert [line.get_label() for line in axes.lines][:4] == ["loss", "residual", "raw residual", "initial"]
        assert not {"k", "m", "raw initial"} & {line.get_label() for line in axes.lines}


def test_paths_of_coefficients(tmp_path: Path, figures: list[Any]) -> None:
    save_coefficients(tmp_path / "c.png", inverse(), "coefficients", exact={"k": 5.0})
    first, second = figures[0].axes
    assert first.lines[0].get_ydata().tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert [line.get_label() for line in first.lines] == ["k", "exact"]
    assert [line.get_label() for line in second.lines] == ["m"]
    with pytest.raises(ShapeError, match="there are no unknown coefficients"):
        save_coefficients(tmp_path / "c.png", History())


def test_a_plane_is_to_scale_with_its_first_coordinate_to_the_right(tmp_path: Path, figures: list[Any]) -> None:
    save_field(tmp_path / "f.png", x, t, u, "title", t_label="y (–)", points=[[0.5, 0.25]], plane=True)
    axes, _bar = figures[0].axes
    drawn = axes.collections[0].get_coordinates().reshape(-1, 2)
    values = np.asarray(axes.collections[0].get_array()).ravel()
    np.testing.assert_allclose(values, -np.sin(np.pi * drawn[:, 0]) * np.exp(-drawn[:, 1]))
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_aspect()) == ("x (–)", "y (–)", 1.0)
    assert axes.lines[0].get_xydata().tolist() == [[0.5, 0.25]]


def test_a_solution_over_its_domain(tmp_path: Path, figures: list[Any]) -> None:
    strip = physics.Interval("x", 0, 2) * physics.TimeInterval("t", 0, 1)
    pinn = physics.PINN(MLP([2, 4, 2]), strip, ["u", "v"], lambda s: s.u_t)
    save_solution(tmp_path / "s.png", pinn, "v_x", "slope", count=4)
    axes, bar = figures[0].axes
    shown = np.asarray(axes.collections[0].get_array()).reshape(4, 4)
    places = np.stack(np.meshgrid(np.linspace(0, 2, 4), np.linspace(0, 1, 4), indexing="ij"), axis=-1)
    assert shown == pytest.approx(pinn.predict(places.reshape(-1, 2), "v_x").reshape(4, 4))  # a row for each x: upward
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("t (–)", "x (–)", "v_x (–)")
    save_solution(tmp_path / "u.png", pinn)
    assert figures[1].axes[1].get_ylabel() == "u (–)"


def test_how_far_the_equations_are_from_holding(tmp_path: Path, figures: list[Any]) -> None:
    disk, x = physics.Disk(("x", "y"), 0, 1), np.array([[0.25, 0.5], [-0.5, 0.0]])
    equations = {"one": lambda s: 0.0 * s.u + s.x * s.y - 1.0, "two": lambda s: 0.0 * s.u_x + s.y}
    pinn = physics.PINN(MLP([2, 4, 1]), disk, ["u"], equations)
    assert pinn.residual(x) == pytest.approx(np.abs(x[:, 0] * x[:, 1] - 1.0) + np.abs(x[:, 1]))
    save_residual(tmp_path / "r.png", pinn, "far", count=5)
    axes, _bar = figures[0].axes
    shown = np.ma.filled(axes.collections[0].get_array(), np.nan).reshape(5, 5)
    grid = np.linspace(-1, 1, 5)
    a, b = np.meshgrid(grid, grid, indexing="ij")
    wanted = np.where(a**2 + b**2 <= 1.0, np.log10(np.abs(a * b - 1.0) + np.abs(b)), np.nan)
    assert shown == pytest.approx(wanted.T, nan_ok=True)  # y upward
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_aspect()) == ("x (–)", "y (–)", 1.0)
    line = physics.PINN(MLP([1, 4, 1]), physics.Interval("x", 0, 1), ["u"], lambda s: 0.0 * s.u + s.x + 1.0)
    save_residual(tmp_path / "l.svg", line, count=3)
    assert figures[1].axes[0].lines[0].get_ydata() == pytest.approx(np.log10([1.0, 1.5, 2.0]))
    cube = physics.PINN(MLP([3, 4, 1]), physics.Box(("x", "y", "z"), (0, 0, 0), (1, 1, 1)), ["u"], lambda s: s.u_x)
    with pytest.raises(ShapeError, match="3 coordinates"):
        save_residual(tmp_path / "c.png", cube)
    with pytest.raises(TypeError, match="save_residual: count=2.5; it must be a whole number"):
        save_residual(tmp_path / "c.png", line, count=2.5)
    without = physics.PINN(MLP([1, 4, 1]), physics.Interval("x", 0, 1), ["u"], {}, [physics.DirichletBC()])
    assert without.residual([[0.5]]).tolist() == [0.0]


def test_the_residual_at_the_points_of_a_cloud(tmp_path: Path, figures: list[Any]) -> None:
    places = np.random.default_rng(0).uniform(0, 1, (30, 2))
    cloud, line = physics.PointCloud(("x", "y"), places), physics.PointCloud(("x",), places[:, :1])
    pinn = physics.PINN(MLP([2, 4, 1]), cloud, ["u"], lambda s: 0.0 * s.u + s.x, points=physics.Collocation(20))
    save_residual(tmp_path / "c.png", pinn)
    dots = figures[0].axes[0].collections[0]
    assert np.asarray(dots.get_array()) == pytest.approx(np.log10(pinn.interior[:, 0]))
    assert np.asarray(dots.get_offsets()) == pytest.approx(pinn.interior)
    pinn = physics.PINN(MLP([1, 4, 1]), line, ["u"], lambda s: 0.0 * s.u + s.x, points=physics.Collocation(20))
    save_residual(tmp_path / "l.png", pinn)
    assert figures[1].axes[0].lines[0].get_ydata() == pytest.approx(np.log10(pinn.interior[:, 0]))


def test_the_points_of_a_problem(tmp_path: Path, figures: list[Any]) -> None:
    disk = physics.Disk(("x", "y"), 0, 1)
    conditions = [physics.DirichletBC(value=0.0, where=lambda x: x > 0), physics.NeumannBC(where=lambda x: x <= 0)]
    points = physics.Collocation(interior=200, boundary=40)
    pinn = physics.PINN(MLP([2, 4, 1]), disk, ["u"], lambda s: s.u_xx, conditions, points)
    save_points(tmp_path / "p.png", pinn, "points")
    (axes,) = figures[0].axes
    assert [line.get_label() for line in axes.lines] == ["inside", "boundary", "slope"]
    assert [len(line.get_xdata()) for line in axes.lines] == [200, 20, 20]
    (arrows,) = axes.collections
    assert np.stack([arrows.U, arrows.V], axis=1) == pytest.approx(pinn.condition_points[1])
    line = physics.PINN(MLP([1, 4, 1]), physics.Interval("x", 0, 1), ["u"], lambda s: s.u_xx, [physics.DirichletBC()])
    save_points(tmp_path / "l.svg", line)
    assert figures[1].axes[0].lines[1].get_ydata().tolist() == [0.0, 0.0]
