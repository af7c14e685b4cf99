"""A plugin folder's hooks.py: imported under a name of its own, so that two plugins never share a module."""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import pluggy

from core.host.discovery import HOOKS_FILE
from core.model.errors import DefinitionError, Place, Problem, Text


class _AsItStands(SourceFileLoader):
    """Reads the file, never a compiled copy: two edits in one second that leave its size alone have the same copy."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the loader's own signature
        """Compile what the file says now."""
        return self.source_to_code(self.get_data(self.path), self.path)


def import_hooks(plugin: str, folder: Path, digest: str) -> ModuleType | None:
    """Import a folder's hooks.py, if it has one; DefinitionError with its line when it cannot be imported.

    The module's name carries the digest: a changed file is a new module beside the old one, and an action under way
    goes on with the code it started with.
    """
    path = folder / HOOKS_FILE
    if not path.is_file():
        return None
    name = f"branchline_hooks_{re.sub(r'[^0-9A-Za-z]', '_', plugin)}_{digest[:12]}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_AsItStands(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise broken_hooks(path, error) from error
    return module


def register(manager: pluggy.PluginManager, plugin: object, name: str) -> None:
    """Register a pluggy plugin and check every hook it implements; DefinitionError when one does not fit."""
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        if manager.is_registered(plugin):
            manager.unregister(plugin)
        raise broken_hooks(Path(getattr(plugin, "__file__", None) or name), error) from error


def broken_hooks(path: Path, error: Exception) -> DefinitionError:
    """Return the error of a hooks.py that does not load, with the line in that file that raised."""
    lines = [frame.lineno or 1 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = lines[-1] if lines else getattr(error, "lineno", None) or 1
    detail = f"{type(error).__name__}: {' '.join(str(error).split())}".strip()
    what = Text(f"{path.name} cannot be used: {detail}", f"{path.name} 无法使用：{detail}")
    return DefinitionError((Problem("hooks-broken", what, place=Place(str(path), line, 1)),))
