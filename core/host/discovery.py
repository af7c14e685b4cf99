"""Where businesses are found, and in which order they must be loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from core.language.source import load_yaml
from core.model.errors import DefinitionError, NodeError, Place, Problem, Text, suggest

MANIFEST = "plugin.yaml"
HOOKS_FILE = "hooks.py"
CORE = "core"
CORE_FOLDER = Path(__file__).parent.parent / "language" / "builtin"
TWICE = "plugin-twice"
ONLY_VARIABLE = "BRANCHLINE_PLUGINS"  # a comma list of plugin names: load only these (and core)


@dataclass(frozen=True, slots=True)
class Found:
    """A folder with a plugin.yaml, read just far enough to know its name and what it needs.

    ``digest`` covers every file that compiling it reads, so equal digests mean there is nothing to compile again.
    ``problems`` says why its name could not be read; it then goes by the folder's name.
    """

    name: str
    folder: Path
    digest: str
    requires: Mapping[str, str]
    extends: str | None = None
    place: Place | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def extended(self) -> str | None:
        """The plugin this one is an overlay of."""
        return self.extends.partition("@")[0] if self.extends else None

    @property
    def needs(self) -> frozenset[str]:
        """The plugins that must be compiled before this one; every plugin needs core."""
        extended = {self.extended} if self.extended else set()
        return frozenset({CORE, *self.requires, *extended} - {self.name})

    def is_for(self, store: str | None) -> bool:
        """Return whether this overlay, named ``plugin.0755`` or ``plugin.store_0755``, is the one of a store."""
        return store is not None and self.name.rpartition(".")[2] in {store, f"store_{store}"}


def find(folders: Iterable[Path], before: Iterable[Found] = ()) -> tuple[Found, ...]:
    """Return every plugin in ``folders`` — each is a plugin folder or holds some — and core, first found first.

    A plugin whose file cannot be read any more goes by the name it had ``before``. A second folder of the same name
    is returned with a problem that names the first.
    """
    found: dict[str, Found] = {}
    doubles: list[Found] = []
    known = {each.folder: each for each in before}
    for folder in (CORE_FOLDER, *_plugin_folders(folders)):
        each = read_head(folder)
        if each.place is None and folder in known:
            each = replace(known[folder], digest=each.digest, problems=each.problems)
        if each.name in found:
            doubles.append(_as_double(each, found[each.name]))
        else:
            found[each.name] = each
    return (*found.values(), *doubles)


def select(found: Iterable[Found], only: Collection[str] | None, store: str | None = None) -> tuple[Found, ...]:
    """Return core and, of the rest, those named in ``only`` with all they require; None selects all.

    An overlay is taken only by the store it is for, or when it is named.
    """
    named = only or ()
    everything = tuple(each for each in found if not each.extends or each.name in named or each.is_for(store))
    if only is None:
        return everything
    by_name = {each.name: each for each in everything}
    wanted, waiting = {CORE}, list(only)
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in wanted:
            wanted.add(name)
            waiting.extend(by_name[name].needs)
    return tuple(each for each in everything if each.name in wanted or each.extended in wanted)


def only_from(environment: Mapping[str, str], asked: Collection[str] | None) -> frozenset[str] | None:
    """Return the names to load: those asked for, narrowed by the environment's comma list; None means all."""
    text = environment.get(ONLY_VARIABLE, "").strip()
    listed = frozenset(name.strip() for name in text.split(",") if name.strip()) if text else None
    if listed is None:
        return None if asked is None else frozenset(asked)
    return listed if asked is None else listed & frozenset(asked)


def in_order(found: Sequence[Found], running: Collection[str] = ()) -> tuple[Found, ...]:
    """Return the plugins so that each comes after those it needs: first what is running, then by name.

    When two clash, the later one is at fault, and a newcomer must not take away what runs. Those in a circle come
    last, each with a problem that shows the circle. A missing requirement is left for the loader to report.
    """
    doubles = [each for each in found if _is_double(each)]
    by_turn = sorted(found, key=lambda each: (each.name not in running, each.name))
    waiting = {each.name: each for each in by_turn if not _is_double(each)}
    ordered: list[Found] = []
    while waiting:
        ready = [each for each in waiting.values() if not each.needs & waiting.keys()]
        if not ready:
            ordered += [_in_circle(each, waiting) for each in waiting.values()]
            break
        ordered.append(ready[0])
        del waiting[ready[0].name]
    return (*ordered, *doubles)


def read_head(folder: Path) -> Found:
    """Read a folder's name and requirements; a file that cannot be read becomes a problem, not an exception."""
    digest = folder_digest(folder)
    try:
        head = load_yaml(folder / MANIFEST)
        content = head.plain()
        plain = content if isinstance(content, dict) else {}
    except NodeError as error:
        return Found(folder.name, folder, digest, {}, problems=error.problems)
    name, requires, extends = plain.get("plugin"), plain.get("requires"), plain.get("extends")
    return Found(
        name if isinstance(name, str) else folder.name,
        folder,
        digest,
        {str(key): str(value) for key, value in requires.items()} if isinstance(requires, dict) else {},
        extends if isinstance(extends, str) else None,
        head.place(("plugin",)) if isinstance(name, str) else None,
    )


def folder_digest(folder: Path) -> str:
    """Return a digest of the names and contents of every file that makes up a plugin."""
    digest = blake2b(digest_size=16)
    for path in plugin_files(folder):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def plugin_files(folder: Path) -> list[Path]:
    """Return the YAML files and the hooks.py of a plugin folder, sorted."""
    files = [path for path in folder.rglob("*.yaml") if path.is_file()]
    hooks = folder / HOOKS_FILE
    return sorted([*files, hooks] if hooks.is_file() else files)


def _plugin_folders(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if (folder / MANIFEST).is_file():
            yield folder
        elif folder.is_dir():
            yield from sorted(child for child in folder.iterdir() if (child / MANIFEST).is_file())
        else:
            raise NodeError.of("no-such-folder", f"there is no folder {folder}", f"没有文件夹 {folder}")


def _as_double(each: Found, first: Found) -> Found:
    what = Text(
        f"plugin `{each.name}` is already in {first.folder}, so {each.folder} is left out",
        f"插件 `{each.name}` 已存在于 {first.folder}，故忽略 {each.folder}",
    )
    return Found(each.name, each.folder, each.digest, {}, problems=(Problem(TWICE, what, place=each.place),))


def _is_double(each: Found) -> bool:
    return any(problem.code == TWICE for problem in each.problems)


def _in_circle(each: Found, waiting: Mapping[str, Found]) -> Found:
    around = " -> ".join([each.name, *sorted(each.needs & waiting.keys())])
    what = Text(f"plugins require each other in a circle: {around}", f"插件互相依赖成环：{around}")
    problem = Problem("requires-circle", what, place=each.place)
    return Found(each.name, each.folder, each.digest, each.requires, each.extends, each.place, (problem,))


def missing(each: Found, active: Mapping[str, object], known: Iterable[str]) -> DefinitionError | None:
    """Return the error of a plugin that needs another one which is not running, or None when all are."""
    problems = []
    for name in sorted(each.needs - active.keys()):
        broken = name in known
        what = (
            Text(f"needs plugin `{name}`, which is faulty", f"需要插件 `{name}`，但它有错误")
            if broken
            else Text(f"needs plugin `{name}`, which is not here", f"需要插件 `{name}`，但未找到")
        )
        fix = None if broken else suggest(name, active)
        problems.append(Problem("requires-missing", what, fix=fix, place=each.place))
    return DefinitionError(tuple(problems)) if problems else None
