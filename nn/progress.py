"""A progress bar says which training, or stage of one, runs, how far it is, how large the losses are and what time is left.

It is written to standard error: with tqdm and at a terminal as a bar, otherwise as a line every few seconds, and not at
all where standard error is a file and nobody asked.

>>> with Progress("Adam", total=3, enabled=False) as bar:
...     for step in range(1, 4):
...         bar.update(step, loss=0.1 / step, terms={"residual": 0.05})
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, TextIO

BAR_SECONDS = 0.1
LINE_SECONDS = 5.0
DEFAULT_COLUMNS = 80


class Progress:
    """A context that shows the progress of one training stage and closes what it opened, also on an exception.

    ``total`` is the number of steps, an upper bound such as L-BFGS has, or None. ``enabled``: None shows something at
    a terminal only, True also writes lines where standard error is a file, False is silent.
    """

    def __init__(self, stage: str, total: int | None, enabled: bool | None = None) -> None:
        self.stage, self.total = stage, total
        self._display = _choose_display(stage, total, enabled)
        self._next = -float("inf") if self._display else float("inf")
        self._latest: tuple[int, float, Mapping[str, float]] = (0, float("nan"), {})

    def update(self, step: int, loss: float, terms: Mapping[str, float] | None = None) -> None:
        """Note that ``step`` steps are done, with this loss and its named terms; cheap enough to call at every step."""
        self._latest = (step, loss, terms or {})
        if time.perf_counter() >= self._next:
            self._show()

    def close(self) -> None:
        """Show the last state and close the bar; a second call does nothing."""
        display, self._display, self._next = self._display, None, float("inf")
        if display is not None:
            with suppress(OSError, ValueError):
                display.close(*self._latest)

    def _show(self) -> None:
        """A terminal that went away, or that cannot print a term's name, ends the display and not the training."""
        if self._display is not None:
            self._next = time.perf_counter() + self._display.interval
            try:
                self._display.show(*self._latest)
            except (OSError, ValueError):
                self._display, self._next = None, float("inf")

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def short(number: float) -> str:
    """A number in short scientific notation.

    >>> short(0.000123456)
    '1.23e-04'
    """
    return f"{float(number):.2e}"


def duration(seconds: float) -> str:
    """A time for people.

    >>> duration(7.2), duration(83), duration(4000)
    ('7 s', '1 min 23 s', '1 h 06 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


class _Display(Protocol):
    interval: float

    def show(self, step: int, loss: float, terms: Mapping[str, float]) -> None: ...

    def close(self, step: int, loss: float, terms: Mapping[str, float]) -> None: ...


class _Lines:
    """One line every few seconds, for a file, or where tqdm is not installed."""

    interval = LINE_SECONDS

    def __init__(self, stage: str, total: int | None, stream: TextIO) -> None:
        self.stage, self.total, self.stream = stage, total, stream
        self.start = time.perf_counter()

    def show(self, step: int, loss: float, terms: Mapping[str, float]) -> None:
        self._print(step, loss, terms, self._left(step))

    def close(self, step: int, loss: float, terms: Mapping[str, float]) -> None:
        if step:
            self._print(step, loss, terms, f", after {duration(time.perf_counter() - self.start)}")

    def _print(self, step: int, loss: float, terms: Mapping[str, float], clock: str) -> None:
        of_total = "" if self.total is None else f" of {self.total}"
        line = f"{self.stage}: step {step}{of_total}, {_losses(loss, terms)}{clock}"
        print(line, file=self.stream, flush=True)

    def _left(self, step: int) -> str:
        if self.total is None or step < 2:
            return ""
        seconds = (time.perf_counter() - self.start) / step * (self.total - step)
        return f", {duration(seconds)} left"


class _Bar:
    """tqdm's bar, redrawn when told to and without its watching thread."""

    interval = BAR_SECONDS

    def __init__(self, tqdm: Any, stage: str, total: int | None, stream: TextIO) -> None:
        quiet_tqdm = type("Bar", (tqdm,), {"monitor_interval": 0})
        done = "{n_fmt}/{total_fmt} |{bar:12}| {remaining} left" if total else "{n_fmt}, {elapsed}"
        self.stream = stream
        layout = {"bar_format": "{desc}: " + done + "{postfix}", "ncols": _columns(stream)}
        self.bar = quiet_tqdm(desc=stage, total=total, file=stream, mininterval=0.0, nrows=24, **layout)

    def show(self, step: int, loss: float, terms: Mapping[str, float]) -> None:
        self.bar.ncols = _columns(self.stream)
        self.bar.set_postfix_str(_losses(loss, terms), refresh=False)
        self.bar.update(step - self.bar.n)

    def close(self, step: int, loss: float, terms: Mapping[str, float]) -> None:
        if step:
            self.show(step, loss, terms)
        self.bar.close()


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_COLUMNS
    except OSError:
        return DEFAULT_COLUMNS


def _losses(loss: float, terms: Mapping[str, float]) -> str:
    parts = ", ".join(f"{name} {short(value)}" for name, value in terms.items())
    return f"loss {short(loss)}" + (f" ({parts})" if parts else "")


def _choose_display(stage: str, total: int | None, enabled: bool | None) -> _Display | None:
    stream = sys.stderr
    if enabled is False or stream is None:
        return None
    if not stream.isatty():
        return _Lines(stage, total, stream) if enabled else None
    try:
        from tqdm import tqdm
    except ImportError:
        return _Lines(stage, total, stream)
    return _Bar(tqdm, stage, total, stream)
