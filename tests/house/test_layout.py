"""The house keeps its order: one home per library, functions that fit a screen, tests where their module is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app.logs import ALLOWED

ROOT = Path(__file__).parents[2]
LAYERS = ("core", "stores", "sync", "app")
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 570  # the two reference pages of the house, hookspecs and definition, need it
HOMES = {
    "sqlalchemy": ("stores",),
    "sqlmodel": ("stores",),
    "psycopg": ("stores",),
    "httpx": ("sync",),
    "msgpack": ("sync",),
    "zstandard": ("sync",),
    "cryptography": ("sync",),
    "anyio": ("app",),
    "fastapi": ("app",),
    "starlette": ("app",),
    "uvicorn": ("app",),
    "jinja2": ("app/pages",),
    "typer": ("app",),
    "argon2": ("app/signin/passwords.py",),
    "prometheus_client": ("app/metrics.py",),
    "openpyxl": ("app/excel/workbook.py",),
    "orjson": ("core/model/values.py",),
    "pluggy": ("core/host",),
    "watchfiles": ("core/host",),
    "yaml": ("core/language",),
    "holidays": ("core/language",),
    "pydantic": ("core/language", "app"),
}
# The demo speaks to its nodes as a person's browser would; it is a client, not a second network layer.
EXCEPTIONS = {("httpx", "app/demo/client.py")}


def modules() -> list[Path]:
    return sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", modules(), ids=short)
def test_a_library_is_imported_in_its_own_home_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        for name in names:
            library = name.partition(".")[0]
            homes = HOMES.get(library)
            if homes and (library, short(path)) not in EXCEPTIONS:
                assert any(short(path) == home or short(path).startswith(f"{home}/") for home in homes), (
                    f"{short(path)}:{node.lineno} imports {library}, whose home is {' and '.join(homes)}"
                )


@pytest.mark.parametrize("path", modules(), ids=short)
def test_a_function_fits_a_screen_and_a_module_a_sitting(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MODULE_LINES_MAX, f"{short(path)} has {text.count(chr(10))} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{short(path)}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("folder", sorted({path.parent for path in modules() if path.name != "__init__.py"}), ids=short)
def test_the_tests_of_a_folder_are_where_they_are_looked_for(folder: Path) -> None:
    mirrored = ROOT / "tests" / folder.relative_to(ROOT)
    in_one_file = mirrored.parent / f"test_{folder.name}.py"
    assert in_one_file.exists() or list(mirrored.glob("test_*.py")), (
        f"neither {short(mirrored)}/ nor {short(in_one_file)}"
    )


def test_nothing_in_the_repository_names_a_machine_or_a_package_host() -> None:
    told = re.compile(r"https?://[^\s/]*(pypi|pythonhosted|npmjs|debian)\.|/(root|home)/\w|/tmp/\w", re.IGNORECASE)
    for path in ROOT.rglob("*"):
        if (
            path.is_file()
            and _ours(path)
            and path.suffix in {".py", ".md", ".yaml", ".toml", ".txt", ".js", ".css", ".html"}
        ):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                assert not told.search(line) or path == Path(__file__), f"{short(path)}:{number}: {line.strip()[:80]}"


def test_pins_have_names_and_versions_and_nothing_else() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line


def test_every_direct_dependency_is_pinned() -> None:
    declared = set(
        re.findall(r'^  "([A-Za-z0-9-]+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    pinned = {
        line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    }
    libraries = {
        name.lower()
        for name in declared
        if re.search(rf'"{name}(\[\w+\])?[<>=]', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    }
    assert libraries <= pinned, libraries - pinned


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


def _ours(path: Path) -> bool:
    return not any(
        part.startswith(".") or part in {"data", "build", "dist", "__pycache__"}
        for part in path.relative_to(ROOT).parts
    )


def test_what_a_line_of_the_log_is_given_gets_into_it() -> None:
    """The formatter drops extras it does not know, so that no value slips in; a code or a count must not go with them."""
    for path in modules():
        text = path.read_text(encoding="utf-8")
        if "extra=" in text:
            dropped = _extras(ast.parse(text)) - ALLOWED
            assert not dropped, f"{short(path)}: app/logs.py drops {sorted(dropped)}"


def _extras(tree: ast.Module) -> set[str]:
    dicts = [(each.targets[0], each.value) for each in ast.walk(tree) if isinstance(each, ast.Assign)]
    named = {name.id: value for name, value in dicts if isinstance(name, ast.Name) and isinstance(value, ast.Dict)}
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and _logs(each)]
    return {key for call in calls for word in call.keywords if word.arg == "extra" for key in _keys(word.value, named)}


def _logs(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in {"debug", "info", "warning", "error", "exception"}


def _keys(value: ast.expr, named: dict[str, ast.Dict]) -> set[str]:
    """Return the keys of a dict that stands there, by itself, by its name or within another."""
    found = named.get(value.id) if isinstance(value, ast.Name) else value
    if not isinstance(found, ast.Dict):
        return set()
    own = {str(key.value) for key in found.keys if isinstance(key, ast.Constant)}
    inner = [each for key, each in zip(found.keys, found.values, strict=True) if key is None]
    return own.union(*(_keys(each, named) for each in inner))
