"""The YAML of a plugin: one file, or plugin.yaml with any further files beside it, read as one tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.language.yaml_tree import KeyPath, Scalar, YamlNode, dotted, parse_yaml
from core.model.errors import DefinitionError, Place, Problem, Text

__all__ = ["KeyPath", "Scalar", "Source", "YamlNode", "dotted", "excerpt", "load_source", "load_yaml", "parse_yaml"]

BYTES_MAX = 4_000_000
PLUGIN_FILE = "plugin.yaml"

# Sections that several files may share, and how many names deep they are merged.
_SHARED = {
    "settings": 1, "roles": 1, "records": 1, "ledgers": 1, "dispatch": 1, "scorecards": 1, "notices": 1,
    "views": 1, "migrations": 1, "scenarios": 1, "samples": 2, "rules": 1, "guidance": 1, "reports": 1,
    "equivalent": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """All YAML of one plugin as one tree, the files it came from and their digest."""

    root: YamlNode
    files: tuple[Path, ...]
    digest: str


def load_source(path: Path) -> Source:
    """Read a plugin: a single file, or a folder with plugin.yaml and any further ``*.yaml`` in it.

    A subfolder with a plugin.yaml of its own is another plugin and is left alone.

    Raises:
        DefinitionError: with every problem of every file.
    """
    files = tuple(_files(path))
    if not files:
        place = Place(str(path), 1, 1)
        raise DefinitionError(
            (Problem("no-plugin-file", Text("there is no plugin.yaml here", "此处没有 plugin.yaml"), place=place),)
        )
    problems: list[Problem] = []
    roots: list[YamlNode] = []
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        digest.update(f"{file.relative_to(files[0].parent)}\0".encode())
        digest.update(file.read_bytes() + b"\0")
        try:
            roots.append(load_yaml(file))
        except DefinitionError as error:
            problems.extend(error.problems)
    if problems:
        raise DefinitionError(tuple(problems))
    return Source(_merge_files(roots, problems), files, digest.hexdigest())


def load_yaml(path: Path) -> YamlNode:
    """Read one YAML file.

    Raises:
        DefinitionError: the file is not the YAML we accept; every problem carries its place.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DefinitionError((_not_utf8(path),)) from None
    if len(raw) > BYTES_MAX:
        what = Text(f"the file is larger than {BYTES_MAX} bytes", f"文件超过 {BYTES_MAX} 字节")
        raise DefinitionError((Problem("yaml-too-large", what, place=Place(path.as_posix(), 1, 1)),))
    return parse_yaml(text, path.as_posix())


def excerpt(place: Place) -> str:
    """Return the line of ``place`` with a caret below it, or nothing when the file is gone."""
    try:
        line = Path(place.file).read_text("utf-8-sig").splitlines()[place.line - 1]
    except (OSError, IndexError, UnicodeDecodeError):
        return ""
    lead = f"{place.line:>6} | "
    return f"{lead}{line}\n{' ' * (len(lead) + place.column - 1)}^"


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    main = path / PLUGIN_FILE
    if not main.is_file():
        return
    yield main
    for file in sorted(path.rglob("*.yaml")):
        inside = file.relative_to(path)
        hidden = any(part.startswith(".") for part in inside.parts)
        if file != main and not hidden and not _of_another_plugin(file, path):
            yield file


def _of_another_plugin(file: Path, folder: Path) -> bool:
    return any(
        (parent / PLUGIN_FILE).is_file() for parent in file.parents if parent != folder and folder in parent.parents
    )


def _merge_files(roots: Sequence[YamlNode], problems: list[Problem]) -> YamlNode:
    merged: dict[str, YamlNode] = {}
    for root in roots:
        if not isinstance(root.value, Mapping):
            what = Text("a plugin file is a mapping of keys", "插件文件应为键值映射")
            problems.append(Problem("wrong-shape", what, place=root.spot))
            continue
        for key, node in root.value.items():
            if key in merged:
                merged[key] = _join(merged[key], node, _SHARED.get(key, 0), (key,), problems)
            else:
                merged[key] = node
    if problems:
        raise DefinitionError(tuple(problems))
    return YamlNode(merged, roots[0].spot)


def _join(one: YamlNode, two: YamlNode, depth: int, path: KeyPath, problems: list[Problem]) -> YamlNode:
    """Return both mappings as one; a name that stands in both is a problem that names both places."""
    if not depth or not isinstance(one.value, Mapping) or not isinstance(two.value, Mapping):
        here = two.key_spot or two.spot
        first = one.key_spot or one.spot
        what = Text(f"`{path[-1]}` is already defined at {first}", f"`{path[-1]}` 已在 {first} 定义")
        problems.append(Problem("defined-twice", what, place=replace(here, path=dotted(path))))
        return one
    joined = dict(one.value)
    for key, node in two.value.items():
        joined[key] = _join(joined[key], node, depth - 1, (*path, key), problems) if key in joined else node
    return replace(one, value=joined)


def _not_utf8(path: Path) -> Problem:
    fix = Text("save the file as UTF-8", "请将文件另存为 UTF-8")
    return Problem("not-utf8", Text("the file is not UTF-8", "文件不是 UTF-8 编码"), fix, Place(path.as_posix(), 1, 1))
