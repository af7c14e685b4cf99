"""What plugin.yaml may say and what it means: source, shape, expressions, definitions, scenarios.

Load one plugin::

    core = compile_core()
    club = compile_plugin(Path("plugins/nightclub_booking"), {"core": core})
"""

from core.language.compile import BUILTIN, compile_core, compile_plugin
from core.language.manifest import json_schema

__all__ = ["BUILTIN", "compile_core", "compile_plugin", "json_schema"]
