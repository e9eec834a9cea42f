"""Progress: a bar at a terminal, lines elsewhere when asked, silence otherwise; closed whatever happens."""

from __future__ import annotations

import io
import re
import sys
from contextlib import redirect_stderr
from typing import TextIO

import pytest

from nn import progress
from nn.progress import Progress

TERMS = {"residual": 0.5, "u at x = ±1": 1.5e-7}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def train(
    stream: TextIO | None, clock: Clock, steps: int, seconds: float, total: int | None, enabled: bool | None
) -> str:
    """What a training of so many steps, each of so many seconds, writes to a stream that is standard error."""
    with redirect_stderr(stream), Progress("Adam", total, enabled=enabled) as bar:
        for step in range(1, steps + 1):
            clock.now += seconds
            bar.update(step, 1.0 / step, TERMS)
    return stream.getvalue() if isinstance(stream, io.StringIO) else ""


def test_a_file_stays_clean_unless_asked(clock: Clock) -> None:
    assert train(io.StringIO(), clock, 1000, 1.0, 1000, enabled=None) == ""
    assert train(io.StringIO(), clock, 1000, 1.0, 1000, enabled=False) == ""


def test_a_terminal_stays_clean_where_silence_is_asked_for(clock: Clock) -> None:
    assert train(Terminal(), clock, 10, 1.0, 10, enabled=False) == ""


def test_without_standard_error_nothing_fails(clock: Clock) -> None:
    assert train(None, clock, 10, 1.0, 10, enabled=True) == ""


def test_a_file_gets_occasional_lines_when_asked(clock: Clock) -> None:
    lines = train(io.StringIO(), clock, 10_000, 0.01, 20_000, enabled=True).splitlines()
    assert len(lines) == 21
    assert lines[0] == "Adam: step 1 of 20000, loss 1.00e+00 (residual 5.00e-01, u at x = ±1 1.50e-07)"
    assert re.match(r"Adam: step 50[12] of 20000, loss (2.00|1.99)e-03 .*, 3 min 15 s left", lines[1])
    assert lines[-1].startswith("Adam: step 10000 of 20000, loss 1.00e-04")
    assert lines[-1].endswith(", after 1 min 40 s")


def test_an_unknown_total_has_no_time_left(clock: Clock) -> None:
    written = train(io.StringIO(), clock, 20, 1.0, None, enabled=True)
    assert "Adam: step 6, loss" in written
    assert "left" not in written


def test_a_stage_without_steps_shows_no_loss() -> None:
    for stream in (io.StringIO(), Terminal()):
        with redirect_stderr(stream), Progress("Adam", 10, enabled=True):
            pass
        assert "loss" not in stream.getvalue()


def test_a_terminal_without_tqdm_gets_lines(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    lines = train(Terminal(), clock, 12, 1.0, 100, enabled=None).splitlines()
    assert [line.split(",")[0] for line in lines] == [f"Adam: step {step} of 100" for step in (1, 6, 11, 12)]


def test_a_terminal_gets_a_bar(clock: Clock) -> None:
    pytest.importorskip("tqdm")
    written = train(Terminal(), clock, 50, 0.01, 100, enabled=None)
    draws = [draw.strip() for draw in written.split("\r") if draw.strip()]
    assert 5 <= len(draws) <= 8
    assert re.match(r"Adam: 50/100 \|[█#]{6} {6}\| 00:00 left, loss 2\.00e-02 \(residual 5\.00e-01", draws[-1])
    assert max(map(len, draws)) <= progress.DEFAULT_COLUMNS
    assert written.endswith("\n")


def test_a_bar_without_a_total_counts_up(clock: Clock) -> None:
    pytest.importorskip("tqdm")
    written = train(Terminal(), clock, 50, 0.01, None, enabled=True)
    assert written.split("\r")[-1].startswith("Adam: 50, 00:00, loss 2.00e-02 (residual")


def fail(bar: Progress, error: type[BaseException]) -> None:
    with bar:
        for step in range(1, 8):
            bar.update(step, 1.0)
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, FloatingPointError])
@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_an_exception_passes_and_the_last_state_is_shown(
    error: type[BaseException], kind: type[io.StringIO], clock: Clock
) -> None:
    with redirect_stderr(kind()) as stream:
        bar = Progress("Adam", 100, enabled=True)
        with pytest.raises(error):
            fail(bar, error)
    written = stream.getvalue()
    assert re.search(r"7( of |/)100", written)
    assert written.endswith("\n")
    bar.close()
    bar.update(9, 1.0)
    assert stream.getvalue() == written


def test_a_stream_that_fails_does_not_stop_the_training(clock: Clock) -> None:
    train(io.TextIOWrapper(io.BytesIO(), encoding="ascii"), clock, 20, 1.0, 20, enabled=True)
    for closed in (io.StringIO(), Terminal()):
        with redirect_stderr(closed), Progress("Adam", 10, enabled=True) as bar:
            closed.close()
            bar.update(1, 1.0)


def test_most_updates_do_not_touch_the_display(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[int] = []
    monkeypatch.setattr(progress._Lines, "show", lambda self, step, loss, terms: shown.append(step))
    train(io.StringIO(), clock, 1000, 0.0625, 1000, enabled=True)
    assert shown == list(range(1, 1001, 80))
