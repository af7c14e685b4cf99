"""A node's settings file (config/*.yaml): what it may say, and bilingual errors with their line when it says more."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from core.language.source import YamlNode, load_yaml
from core.model.duration import Duration
from core.model.errors import Language, NodeError, Place, Problem, Text, suggest
from core.model.scope import HEADQUARTERS

BACKUPS, BACKUPS_KEPT = "backups", 30  # the folder beside a node's database, unless another place is named
_NAME = r"^[a-z0-9][a-z0-9_-]{0,31}$"


class SettingsError(NodeError):
    """The settings file cannot be used; every problem carries its place."""


def _seconds(value: object) -> object:
    """Read ``12h`` as seconds; only exact durations (days, hours, minutes, seconds) will do."""
    if not isinstance(value, str):
        return value
    duration = Duration.parse(value)
    if not duration.exact:
        raise ValueError("only d, h, m and s here")
    return duration.timedelta.total_seconds()


def _zone(value: object) -> object:
    if isinstance(value, str):
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("not a time zone name") from None
    return value


Seconds = Annotated[float, BeforeValidator(_seconds)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Listen(_Part):
    """Where the node answers. A shop's node listens on its own network only when it is told to."""

    host: str = "127.0.0.1"
    port: int = Field(default=8800, ge=0, le=65535)


class PluginSettings(_Part):
    """Which businesses the node runs."""

    folders: tuple[Path, ...] = (Path("../plugins"),)
    only: tuple[str, ...] | None = None
    installed: bool = True  # also those of installed distributions (entry points)
    watch: bool = True  # hot reload
    hook_limit: Seconds = Field(default=5.0, ge=0.1, le=600)  # how long a hook may run before it is interrupted


class SignIn(_Part):
    """How people sign in."""

    session: Seconds = Field(default=12 * 3600.0, ge=60, le=90 * 86400)
    lock: Seconds = Field(default=15 * 60.0, ge=0, le=86400)  # of an idle page; 0 = never
    password_shortest: int = Field(default=10, ge=8, le=64)
    pin_shortest: int | None = Field(default=None, ge=4, le=12)  # None = no PINs


class SyncSettings(_Part):
    """When the node talks to its upstream; ``beat`` is the longest silence."""

    beat: Seconds = Field(default=15.0, ge=0.1, le=3600)
    compare: Seconds = Field(default=3600.0, ge=0, le=30 * 86400)  # records with headquarters' own; 0 = never
    day_ends: Seconds = Field(default=6 * 3_600.0, ge=0, le=23 * 3_600)  # after midnight, for the closing of a day
    silent: Seconds = Field(default=86_400.0, ge=0, le=90 * 86_400)  # hub: alarm after so much silence; 0 = never
    lease: Seconds = Field(default=30 * 86_400.0, ge=3_600, le=400 * 86_400)  # hub: of a silent node
    keep_deleted: Seconds = Field(default=90 * 86_400.0, ge=0, le=4_000 * 86_400)  # hub: of a tombstone; 0 = for ever
    plain_http: bool = False  # allow http to a headquarters on a private address, in a house without certificates


class Logging(_Part):
    """The process's own log."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(_Part):
    """One node, as its settings file describes it. Paths are relative to the file."""

    node: str = Field(pattern=_NAME)  # its name in the chain, unique
    store: str = Field(default=HEADQUARTERS, pattern=_NAME)
    label: dict[Literal["zh", "en"], str] = Field(default_factory=dict)
    data: Path = Path("../data")
    database: str | None = None  # URL; None = SQLite in `data`; `env:NAME` = take the URL from that variable
    replica: str | None = None  # the same of a streaming replica; reports are read there
    upstream: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/.*)?$")  # None = this is the hub
    listen: Listen = Listen()
    plugins: PluginSettings = PluginSettings()
    zone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("Asia/Shanghai")
    language: Language = "zh"
    sign_in: SignIn = SignIn()
    sync: SyncSettings = SyncSettings()
    log: Logging = Logging()
    metrics: str | None = Field(default=None, pattern=r"^env:\w+$")  # the variable with the token that /metrics takes

    @property
    def metrics_secret(self) -> str | None:
        """The token of the monitoring system; None: only people who look after the node see its figures."""
        if self.metrics is None:
            return None
        name = self.metrics.removeprefix("env:")
        if not os.environ.get(name):
            raise SettingsError((_missing_variable(name, Text("a long secret", "一个足够长的密钥"), "metrics"),))
        return os.environ[name]

    @property
    def database_url(self) -> str:
        """The database's URL. A password in it belongs in the environment, not in this file."""
        if self.database is None:
            return f"sqlite:///{self.data / f'{self.node}.db'}"
        return _from_environment(self.database, "database")

    @property
    def replica_url(self) -> str | None:
        """The URL of a streaming replica of the database, None without one."""
        return None if self.replica is None else _from_environment(self.replica, "replica")


def _from_environment(url: str, key: str) -> str:
    """Return a URL as written, or what the variable holds that ``env:NAME`` names."""
    if not url.startswith("env:"):
        return url
    name = url.removeprefix("env:")
    if name not in os.environ:
        raise SettingsError((_missing_variable(name, Text("the database's URL", "数据库地址"), key),))
    return os.environ[name]


def read_settings(path: Path) -> Settings:
    """Read and check a settings file; raise SettingsError with all problems, each with file:line:column."""
    if not path.is_file():
        raise SettingsError.of(
            "settings-missing",
            f"there is no settings file {path}",
            f"找不到设置文件 {path}",
            fix=Text("name one of config/*.yaml with --config", "用 --config 指定 config/*.yaml 中的一个"),
        )
    source = load_yaml(path)
    settings = parse_settings(source.plain(), source)
    return anchored(settings, path.resolve().parent)


def parse_settings(data: object, source: YamlNode | None = None) -> Settings:
    """Check settings that were read from ``source``; its places go into the problems."""
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        problems = tuple(_problem(detail, source) for detail in error.errors())
        raise SettingsError(problems) from None
    if settings.store != HEADQUARTERS and settings.upstream is None:
        raise SettingsError((_no_upstream(settings.store, source),))
    return settings


def anchored(settings: Settings, folder: Path) -> Settings:
    """Return the settings with relative paths resolved from the settings file's folder."""
    plugins = settings.plugins.model_copy(
        update={"folders": tuple((folder / each).resolve() for each in settings.plugins.folders)}
    )
    return settings.model_copy(update={"data": (folder / settings.data).resolve(), "plugins": plugins})


_SAID: Mapping[str, tuple[str, str]] = {
    "missing": ("`{key}` is missing", "缺少 `{key}`"),
    "string_pattern_mismatch": ("`{key}` is not well formed: {input}", "`{key}` 格式不正确：{input}"),
    "string_type": ("`{key}` must be text", "`{key}` 须为文字"),
    "int_type": ("`{key}` must be a whole number", "`{key}` 须为整数"),
    "int_parsing": ("`{key}` must be a whole number", "`{key}` 须为整数"),
    "float_type": ("`{key}` must be a duration such as 15s or 12h", "`{key}` 须为时长，如 15s、12h"),
    "float_parsing": ("`{key}` must be a duration such as 15s or 12h", "`{key}` 须为时长，如 15s、12h"),
    "bool_type": ("`{key}` must be true or false", "`{key}` 须为 true 或 false"),
    "bool_parsing": ("`{key}` must be true or false", "`{key}` 须为 true 或 false"),
    "tuple_type": ("`{key}` must be a list", "`{key}` 须为列表"),
    "dict_type": ("`{key}` must be a map", "`{key}` 须为键值表"),
    "model_type": ("`{key}` must be a map", "`{key}` 须为键值表"),
    "path_type": ("`{key}` must be a path", "`{key}` 须为路径"),
    "literal_error": ("`{key}` must be one of {expected}", "`{key}` 须为 {expected} 之一"),
    "greater_than_equal": ("`{key}` must be at least {ge}", "`{key}` 不得小于 {ge}"),
    "less_than_equal": ("`{key}` must be at most {le}", "`{key}` 不得大于 {le}"),
}


def _problem(detail: ErrorDetails, source: YamlNode | None) -> Problem:
    where = tuple(part for part in detail["loc"] if not (isinstance(part, str) and part.startswith("function-")))
    key = ".".join(map(str, where)) or "file"
    place = _place(source, where)
    if detail["type"] == "extra_forbidden":
        fix = suggest(str(where[-1]), _known_keys(where[:-1]))
        return Problem("unknown-key", Text(f"unknown key `{key}`", f"未知的键 `{key}`"), fix=fix, place=place)
    en, zh = _SAID.get(detail["type"], ("`{key}` is wrong: {msg}", "`{key}` 有误：{msg}"))
    fills: dict[str, Any] = {"key": key, "input": detail["input"], "msg": detail["msg"], **detail.get("ctx", {})}
    return Problem("bad-setting", Text(en, zh).filled(fills), place=place, field=key)


def _place(source: YamlNode | None, where: Sequence[int | str]) -> Place | None:
    return source.key_place(where) if source is not None else None


def _known_keys(where: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in where:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def _no_upstream(store: str, source: YamlNode | None) -> Problem:
    """A branch that does not know it is one would order its own changes, and could not join a chain later."""
    return Problem(
        "upstream-missing",
        Text(
            f"store `{store}` needs `upstream`: the address of headquarters",
            f"门店 `{store}` 须填写 `upstream`（总部地址）",
        ),
        fix=Text("upstream: https://headquarters.example", "upstream: https://总部地址"),
        place=_place(source, ("store",)),
        field="upstream",
    )


def _missing_variable(name: str, what: Text, key: str) -> Problem:
    return Problem(
        "variable-missing",
        Text(f"the environment has no variable {name}", f"环境变量 {name} 未设置"),
        fix=Text(f"set {name} to {what.en}", f"请将 {name} 设为{what.zh}"),
        field=key,
    )
