"""From YAML to definitions: small modules per concern, put together in ``plugin``."""

from core.language.compile.plugin import BUILTIN, compile_core, compile_plugin

__all__ = ["BUILTIN", "compile_core", "compile_plugin"]
