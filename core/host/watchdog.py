"""Ends a hook that does not return: the desk must not wait for ever because of one plugin.

A thread of its own looks at the calls that are under way. One that takes longer than the limit is interrupted where it
stands; what it was part of is refused in words. Python code ends so. A call that blocks outside Python, in a socket
say, does not notice: whoever holds the database is told to take it away from that thread (``take_away``). A hook that
has hung too often is not called any more until its plugin is changed or the node is started again.
"""

from __future__ import annotations

import ctypes
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from threading import Event, RLock, Thread, get_ident
from typing import Any

import pluggy

from core.model.errors import NodeError, Problem, Text

log = logging.getLogger(__name__)

HANGS_MAX = 3  # after so many a hook is not called any more
LOOKS = 8  # within the limit
PAUSE_S_MAX = 0.5  # between two looks

Name = tuple[str, str]  # plugin and hook


class HookHangs(NodeError):
    """A hook did not return in time, or has hung too often to be called again. What it was part of is not saved."""

    status = 503


class _Interrupt(BaseException):
    """What is raised inside a hook that takes too long. Not an ``Exception``: no hook should catch it by accident."""


@dataclass(eq=False, slots=True)
class _Running:
    """One call under way. The lock keeps it from being interrupted after its end."""

    name: Name
    function: Any
    thread: int
    since: float
    shot: bool = False
    ended: bool = False
    given_up: bool = False
    lock: Any = field(default_factory=RLock)

    def interrupt(self) -> None:
        """Raise ``_Interrupt`` in its thread, unless it is just coming to its end."""
        if self.lock.acquire(blocking=False):
            try:
                if not self.ended:
                    self.shot = True
                    _raise_in(self.thread, _Interrupt)
            finally:
                self.lock.release()

    def end(self) -> None:
        """Note, in its own thread, that it is over; an interrupt that has not come through is called off."""
        with self.lock:
            self.ended = True
            if self.shot:
                _raise_in(self.thread, None)


class Watchdog:
    """Watches the hooks of one node.

    ``now`` counts seconds and never goes back. ``take_away`` is told the thread of a call that no interrupt ends, so
    that what it holds can be freed.
    """

    def __init__(
        self, now: Callable[[], float], limit_s: float, take_away: Callable[[int], object] = lambda _: None
    ) -> None:
        self.limit_s = limit_s
        self._now, self._take_away = now, take_away
        self._running: dict[int, _Running] = {}
        self._hangs: Counter[Any] = Counter()  # function -> how often it hung
        self._names: dict[Any, Name] = {}

    def guard(self, manager: pluggy.PluginManager) -> None:
        """Let every hook of the plugins registered with ``manager`` be called under watch."""
        for caller in vars(manager.hook).values():
            if isinstance(caller, pluggy.HookCaller):
                implementations: list[Any] = caller.get_hookimpls()
                for each in implementations:
                    each.function = self.guarded(each.function, each.plugin_name, caller.name)

    def guarded(self, function: Callable[..., Any], plugin: str, hook: str) -> Callable[..., Any]:
        """Return ``function``, called under watch."""
        name = plugin.partition(":")[0], hook

        @wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, function, args, kwargs)

        return watched

    def start(self, stop: Event) -> Thread:
        """Look after the calls in a thread of its own until ``stop`` is set."""
        thread = Thread(target=self._watch, args=(stop,), name="hook-watchdog", daemon=True)
        thread.start()
        return thread

    def look(self) -> None:
        """Interrupt what takes too long: of calls inside one another the innermost that does."""
        now, late = self._now(), dict[int, _Running]()
        for call in tuple(self._running.values()):
            if now - call.since > self.limit_s and not call.ended:
                late[call.thread] = call  # the one that began last
        for call in late.values():
            if now - call.since > 2 * self.limit_s and call.shot and not call.given_up:
                self._give_up(call)
            call.interrupt()

    def problems(self) -> list[Problem]:
        """Return what is to be told of hooks that hang or have hung."""
        now = self._now()
        hanging = {call.name for call in tuple(self._running.values()) if now - call.since > self.limit_s}
        barred = {self._names[each] for each, count in tuple(self._hangs.items()) if count >= HANGS_MAX}
        counts: Counter[Name] = Counter()
        for each, count in tuple(self._hangs.items()):
            counts[self._names[each]] += count
        return [
            _told(name, counts[name], barred=name in barred, hanging=name in hanging)
            for name in sorted({*counts, *hanging})
        ]

    def _call(self, name: Name, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if self._hangs and self._hangs[function] >= HANGS_MAX:
            raise HookHangs((_refused(name),))
        call = _Running(name, function, get_ident(), self._now())
        self._running[id(call)] = call
        try:
            try:
                return function(*args, **kwargs)
            finally:
                call.end()
                self._running.pop(id(call), None)
        except _Interrupt:
            call.end()
            self._running.pop(id(call), None)
            if not call.shot:
                raise  # it was meant for a call around this one
            self._note(call)
            raise HookHangs((_late(name, self.limit_s),)) from None

    def _note(self, call: _Running, count: int = 1) -> None:
        self._names[call.function] = call.name
        self._hangs[call.function] += count
        plugin, hook = call.name
        log.error("hook %s of plugin %s did not return within %s s", hook, plugin, self.limit_s)

    def _give_up(self, call: _Running) -> None:
        """Free what a call holds that blocks outside Python; it is not called again: each time would cost a thread."""
        call.given_up = True
        self._note(call, HANGS_MAX)
        self._take_away(call.thread)

    def _watch(self, stop: Event) -> None:
        while not stop.wait(min(PAUSE_S_MAX, self.limit_s / LOOKS)):
            try:
                self.look()
            except Exception:
                log.exception("the watch over hooks failed once")


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise an exception in a thread at its next step in Python; None calls off one that has not come through."""
    raised = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


def _late(name: Name, limit_s: float) -> Problem:
    plugin, hook = name
    what = Text(
        f"plugin `{plugin}` did not answer within {limit_s:g} seconds (hook `{hook}`)",
        f"插件 `{plugin}` 在 {limit_s:g} 秒内没有响应（钩子 `{hook}`）",
    )
    return Problem("hook-hangs", what, fix=_FIX)


def _refused(name: Name) -> Problem:
    plugin, hook = name
    what = Text(
        f"plugin `{plugin}` has hung too often; its hook `{hook}` is not called any more",
        f"插件 `{plugin}` 多次无响应，其钩子 `{hook}` 已停止调用",
    )
    return Problem("hook-barred", what, fix=_FIX_BARRED)


def _told(name: Name, count: int, *, barred: bool, hanging: bool) -> Problem:
    if barred:
        return _refused(name)
    plugin, hook = name
    if hanging:
        what = Text(f"hook `{hook}` of plugin `{plugin}` hangs", f"插件 `{plugin}` 的钩子 `{hook}` 正处于无响应状态")
    else:
        what = Text(
            f"hook `{hook}` of plugin `{plugin}` hung and was interrupted {count} times",
            f"插件 `{plugin}` 的钩子 `{hook}` 曾无响应并被中断 {count} 次",
        )
    return Problem("hook-hangs", what, fix=_FIX)


_FIX = Text("nothing was saved; try again, and tell the administrator", "未保存任何内容，请重试，并联系管理员")
_FIX_BARRED = Text(
    "tell the administrator: the plugin must be mended, or the node started again",
    "请联系管理员：须修复插件，或重新启动节点",
)
