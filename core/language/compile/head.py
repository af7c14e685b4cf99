"""The head of a plugin: its version, what it requires, what it extends."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.compile.reach import CORE
from core.language.compile.workshop import Workshop
from core.language.definition import Plugin
from core.language.overlays import overlay, overlay_problems
from core.language.source import YamlNode, load_source
from core.language.versions import in_range, is_range, parse_version
from core.model.errors import DefinitionError, Problem, Text, suggest


def extended(root: YamlNode, base: Mapping[str, Plugin]) -> tuple[YamlNode, Plugin | None]:
    """Return an overlay merged onto the plugin it extends; a plugin of its own stays as it is.

    Raises:
        DefinitionError: the plugin is not there, not in range, or may not be changed so.
    """
    wanted = root.at(("extends",)).value if "extends" in root.keys() else None  # noqa: SIM118 - not a dict
    if not isinstance(wanted, str):
        return root, None
    name, _, span = wanted.partition("@")
    place = root.place(("extends",))
    if name not in base:
        what = Text(f"the plugin `{name}` is not here", f"没有插件 `{name}`")
        raise DefinitionError((Problem("unknown-plugin", what, suggest(name, base), place),))
    plugin = base[name]
    if span and not in_range(plugin.version, span):
        what = Text(f"`{name}` is {plugin.version}, {span} is needed", f"`{name}` 版本为 {plugin.version}，需要 {span}")
        raise DefinitionError((Problem("version-out-of-range", what, place=place),))
    below = load_source(plugin.folder).root
    problems = overlay_problems(below, root)
    if problems:
        raise DefinitionError(problems)
    return overlay(below, root), plugin


def check_head(shop: Workshop, base: Mapping[str, Plugin]) -> None:
    """Check the plugin's own version and the plugins it requires."""
    manifest = shop.manifest
    if parse_version(manifest.version) is None:
        shop.fault(
            "bad-version",
            f"`{manifest.version}` is not a version",
            f"`{manifest.version}` 不是版本号",
            ("version",),
            Text("write 1.0.0", "请写 1.0.0"),
        )
    if manifest.plugin != CORE and CORE not in manifest.requires and not manifest.extends:
        shop.warn(
            "requires-core",
            "nothing says which version of core it needs",
            "未注明所需 core 版本",
            ("plugin",),
            Text("add `requires: {core: ^1}`", "请补 `requires: {core: ^1}`"),
        )
    for name, span in manifest.requires.items():
        path = ("requires", name)
        if not is_range(span):
            shop.fault(
                "bad-version",
                f"`{span}` is not a version range",
                f"`{span}` 不是版本范围",
                path,
                Text("write ^1", "请写 ^1"),
            )
        elif shop.known(name, base, Text("plugin", "插件"), path, "unknown-plugin") and not in_range(
            base[name].version, span
        ):
            shop.fault(
                "version-out-of-range",
                f"`{name}` is {base[name].version}, {span} is needed",
                f"`{name}` 版本为 {base[name].version}，需要 {span}",
                path,
            )
