"""Plugin files are edited while the node runs: a thread that says when one has changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

from watchfiles import Change, watch

from core.host.discovery import HOOKS_FILE

DEBOUNCE_MS = 400  # editors write a file in several steps
STOP_MS_MAX = 500  # how long the thread may take to notice ``stop``

log = logging.getLogger(__name__)


def is_plugin_file(change: Change, path: str) -> bool:
    """Return whether a changed path is one that plugins are made of: YAML, a hooks.py, or a folder that has come in.

    A new folder counts by itself: a file written right after it may escape the system's notice, which has to
    set its watch on the folder first.
    """
    file = Path(path)
    if change is Change.added and file.is_dir():
        return not file.name.startswith((".", "__"))
    return (file.suffix == ".yaml" or file.name == HOOKS_FILE) and not file.name.startswith(".")


def watch_folders(folders: Sequence[Path], changed: Callable[[], object], stop: Event) -> Thread:
    """Start a thread that calls ``changed`` after edits in ``folders``, until ``stop`` is set.

    Edits that come together are told once. An exception in ``changed`` is logged; watching goes on, because the next
    edit may be the one that mends it. The thread ends within half a second of ``stop``.
    """
    thread = Thread(target=_watch, args=(folders, changed, stop), name="plugin-watcher", daemon=True)
    thread.start()
    return thread


def _watch(folders: Sequence[Path], changed: Callable[[], object], stop: Event) -> None:
    rounds = watch(
        *(folder for folder in folders if folder.is_dir()),
        watch_filter=is_plugin_file,
        debounce=DEBOUNCE_MS,
        rust_timeout=STOP_MS_MAX,
        stop_event=stop,
        raise_interrupt=False,
    )
    for changes in rounds:
        log.info("plugin files changed: %s", ", ".join(sorted({path for _, path in changes})))
        try:
            changed()
        except Exception:
            log.exception("the plugins could not be reloaded")
