"""Settings: declared ones are used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from core.language.checks.inspection import Inspection
from core.language.source import YamlNode

_USE = re.compile(r"\bsettings\.([a-z][a-z0-9_]*)")


def check_settings(inspection: Inspection) -> None:
    """Warn of settings no rule reads: a figure someone will change in vain."""
    used = set(_used(inspection.shop.root))
    for name in inspection.plugin.settings:
        if name not in used:
            inspection.shop.warn(
                "unused-setting",
                f"no rule reads the setting `{name}`",
                f"没有规则使用设置 `{name}`",
                ("settings", name),
            )


def _used(node: YamlNode) -> Iterator[str]:
    if isinstance(node.value, Mapping):
        for below in node.value.values():
            yield from _used(below)
    elif isinstance(node.value, list | tuple):
        for below in node.value:
            yield from _used(below)
    elif isinstance(node.value, str):
        yield from _USE.findall(node.value)
