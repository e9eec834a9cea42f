"""Filters on images, differences of second order, and kernels that are found again."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from nn.__main__ import main
from nn.studies import filters


def test_all_differences_are_of_second_order():
    cells = (32, 64)
    for name, errors in filters.measure(cells).items():
        assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.06), name


def test_the_exact_derivatives_are_those_of_calculus():
    x, y = 0.3, 0.2
    p = 2.0 * np.pi
    u = np.exp(np.sin(p * x)) * np.cos(p * y)
    ux = p * np.cos(p * x) * u
    point = np.array([x, y])
    assert filters.wave(point).item() == pytest.approx(u)
    assert filters.derivative(0)(point).item() == pytest.approx(ux)
    assert filters.derivative(0, 0)(point).item() == pytest.approx(p * np.cos(p * x) * ux - p * p * np.sin(p * x) * u)
    assert filters.derivative(0, 1)(point).item() == pytest.approx(-p * np.tan(p * y) * ux)
    assert filters.derivative(1, 1)(point).item() == pytest.approx(-p * p * u)


def test_kernels_are_found_again():
    image = np.random.default_rng(0).random((20, 20))
    far, _ = filters.learn(image, 16, epochs=3, seed=0, progress=False)
    assert set(far) == {"identity", "Sobel, right", "Sobel, down", "∂/∂x", "∂²/∂x²"}
    assert max(far.values()) < 1e-5


def test_images_are_brought_to_grey_from_0_to_1():
    pixels = np.zeros((700, 10, 3), np.uint8)
    pixels[0, 0], pixels[2, 4] = 255, (255, 0, 0)
    found = filters.grey(pixels)
    assert found.shape == (350, 5)
    assert (found[0, 0], found[1, 2], found.min()) == (1.0, pytest.approx(1 / 3), 0.0)


def test_a_quick_run_without_scikit_learn(tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert main(["filters", "--quick", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "generated waves" in printed
    assert "kernel learnt from the image" in printed
    assert sorted(os.listdir(tmp_path)) == ["filters.png", "history.csv", "orders.png", "table.txt"]


def test_the_image_of_scikit_learn():
    pytest.importorskip("sklearn")
    pytest.importorskip("PIL")
    name, image = filters.find_image(None)
    assert (name, image.shape, image.min(), image.max()) == ("china.jpg of scikit-learn", (427, 640), 0.0, 1.0)


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".png"])
def test_an_image_of_ones_own(suffix, tmp_path):
    image = np.random.default_rng(0).random((9, 12))
    path = tmp_path / f"image{suffix}"
    if suffix == ".npy":
        np.save(path, image)
    elif suffix == ".csv":
        np.savetxt(path, image, delimiter=",")
    else:
        pytest.importorskip("matplotlib.image").imsave(path, image, cmap="gray")
    name, found = filters.find_image(str(path))
    assert (name, found.shape) == (path.name, (9, 12))
    assert found == pytest.approx(filters.grey(image), abs=0.01)


def test_images_that_cannot_be_read(tmp_path, capsys):
    np.save(tmp_path / "small.npy", np.zeros((3, 3)))
    np.save(tmp_path / "nan.npy", np.full((9, 9), np.nan))
    np.save(tmp_path / "text.npy", np.full((9, 9), "a"))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "words.csv").write_text("a,b\n", encoding="utf-8")
    for name in ("small.npy", "nan.npy", "text.npy", "broken.png", "words.csv", "none.npy"):
        assert main(["filters", "--quick", "--data", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
        assert name in capsys.readouterr().err
