"""Hooks: functions that are called whenever a module is, before or after its `forward`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any


class HookHandle:
    """Undoes one `register_forward_hook`, by `remove()`."""

    numbers = count()

    def __init__(self, hooks: dict[int, Callable], hook: Callable) -> None:
        self.hooks, self.key = hooks, next(self.numbers)
        hooks[self.key] = hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self.hooks.pop(self.key, None)


class Hooked:
    """What can be called and watched: a call runs the hooks before, `forward`, and the hooks after it."""

    forward: Callable[..., Any]
    _hooks: Mapping[bool, dict[int, Callable]] = {}  # those after forward under True, those before it under False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call_hooked(args, kwargs) if self._hooks else self.forward(*args, **kwargs)

    def _call_hooked(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        for hook in list(self._hooks[False].values()):
            if (changed := hook(self, args)) is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        y = self.forward(*args, **kwargs)
        for hook in list(self._hooks[True].values()):
            y = y if (changed := hook(self, args, y)) is None else changed
        return y

    def register_forward_hook(self, hook: Callable[[Any, tuple, Any], Any]) -> HookHandle:
        """Call `hook(module, args, output)` after each `forward`; what it returns, unless None, replaces the output."""
        return self._register_hook(hook, after=True)

    def register_forward_pre_hook(self, hook: Callable[[Any, tuple], Any]) -> HookHandle:
        """Call `hook(module, args)` before each `forward`; what it returns, unless None, replaces the arguments."""
        return self._register_hook(hook, after=False)

    def _register_hook(self, hook: Callable, after: bool) -> HookHandle:
        hooks = vars(self).setdefault("_hooks", {False: {}, True: {}})
        return HookHandle(hooks[after], hook)
