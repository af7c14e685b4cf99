"""The first look at an expression: tokens, brackets, limits, and the slips people make with a keyboard."""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass, field

from core.language.expressions.spots import Source
from core.model.duration import Duration
from core.model.errors import DefinitionError, Problem, Text

LENGTH_MAX = 1000
BRACKETS_MAX = 24

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<text>"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*')
      | (?P<figure>\d[A-Za-z0-9_]*(?:\.\d[A-Za-z0-9_]*)?)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<slip>===|!==|<>|&&|\|\||=(?!=)(?<![=!<>:]=)|!(?!=)|[;?$`\#\\])
      | (?P<bracket>[()\[\]{}])
      | (?P<sign>==|!=|<=|>=|\*\*|//|<<|>>|:=|->|[-+*/<>.,%&|^~@:])""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"\d+(\.\d+)?")
_DURATION = re.compile(r"(\d+[a-z]+)+")
_ODD_ESCAPE = re.compile(r"^(?:[^\\]|\\[\\'\"nt])*(\\[^\\'\"nt])")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
# Python's own words that may name a field or a record here; the others are part of the syntax or refused by name.
_FREE_WORDS = frozenset(keyword.kwlist) - {
    *("and", "or", "not", "in", "if", "else", "is", "True", "False", "None"),
    *("lambda", "for", "await", "yield", "async"),
}
_SLIPS: dict[str, Text] = {
    "=": Text("write == to compare", "比较请写 =="),
    "===": Text("write ==", "请写 =="),
    "!==": Text("write !=", "请写 !="),
    "<>": Text("write !=", "请写 !="),
    "&&": Text("write `and`", "请写 `and`"),
    "||": Text("write `or`", "请写 `or`"),
    "!": Text("write `not`", "请写 `not`"),
    "#": Text("put the comment outside the expression", "注释请写在表达式之外"),
}
_WIDE = {"“": '"', "”": '"', "‘": "'", "’": "'", "。": ".", "、": ",", "【": "[", "】": "]", "《": "<", "》": ">"}


@dataclass(slots=True)
class Scanned:
    """The text as Python can read it, as long as the original, and what the stand-ins in it stand for."""

    python: str
    durations: dict[int, Duration] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)


def scan(source: Source) -> Scanned:
    """Return what Python's parser is to read. Raises DefinitionError for what no rule may contain."""
    if not source.text.strip():
        raise _error(source, 0, "empty-rule", "there is no expression here", "此处没有表达式")
    if len(source.text) > LENGTH_MAX:
        raise _error(
            source,
            0,
            "rule-too-big",
            f"the expression has {len(source.text)} characters; {LENGTH_MAX} are allowed",
            f"表达式有 {len(source.text)} 个字符，最多 {LENGTH_MAX} 个",
            Text("move a part into a computed field", "请把一部分移入计算字段"),
        )
    return _Scanner(source).run()


class _Scanner:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.out = Scanned("")
        self.open: list[tuple[str, int]] = []
        self.before = ""  # the kind of the token before, "" after a space
        self.last = ""  # the last token that is not a space

    def run(self) -> Scanned:
        text, at, pieces = self.source.text, 0, []
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup == "slip":
                raise self._slip(at, match.group() if match else text[at])
            pieces.append(self._token(str(match.lastgroup), match.group(), at))
            at = match.end()
        if self.open:
            bracket, at = self.open[-1]
            raise _error(
                self.source, at, "rule-syntax", f"`{bracket}` is never closed", f"`{bracket}` 没有对应的右括号"
            )
        self.out.python = "".join(pieces)
        return self.out

    def _token(self, kind: str, token: str, at: int) -> str:
        result = token
        if kind == "space":
            result = " " * len(token)
        elif kind == "figure":
            result = self._figure(token, at)
        elif kind == "word":
            result = self._word(token, at)
        elif kind == "text":
            self._check_text(token, at)
        elif kind == "bracket":
            self._bracket(token, at)
        self.before = "" if kind == "space" else kind
        self.last = self.last if kind == "space" else kind if kind == "text" else token
        return result

    def _figure(self, token: str, at: int) -> str:
        if _NUMBER.fullmatch(token):
            if len(token) > 1 and token[0] == "0" and token[1] != ".":
                raise _error(
                    self.source, at, "rule-number", f"`{token}` begins with a zero", f"`{token}` 以零开头",
                    Text("quote it if it is text", "如为文本请加引号"),
                )  # fmt: skip
            return token
        if _DURATION.fullmatch(token):
            try:
                self.out.durations[at] = Duration.parse(token)
            except ValueError:
                pass
            else:
                return "_" * len(token)
        raise _error(
            self.source, at, "rule-number", f"`{token}` is neither a number nor a duration",
            f"`{token}` 既不是数字也不是时长",
            Text("write 1250.50, or 20m 48h 15d 3mo 2bd", "请写 1250.50，或 20m 48h 15d 3mo 2bd"),
        )  # fmt: skip

    def _word(self, token: str, at: int) -> str:
        if token in _FREE_WORDS or (self.last == "." and keyword.iskeyword(token)):
            self.out.words[at] = token
            return "_" * len(token)
        return token

    def _check_text(self, token: str, at: int) -> None:
        escape = _ODD_ESCAPE.search(token)
        if escape:
            raise _error(
                self.source, at + escape.start(1), "rule-text", f"`{escape[1]}` has no meaning in a text",
                f"文本中的 `{escape[1]}` 没有含义", Text("write \\\\ for a backslash", "反斜杠请写 \\\\"),
            )  # fmt: skip
        if self.before == "word":
            raise _error(
                self.source, at - 1, "rule-text", "a text has no letter before its quote", "文本的引号前不能有字母前缀"
            )
        if self.last == "text":
            raise _error(
                self.source, at, "rule-text", "two texts stand side by side", "两个文本并列",
                Text("join them with +, or put a comma between them", "请用 + 连接，或以逗号分隔"),
            )  # fmt: skip

    def _bracket(self, token: str, at: int) -> None:
        if token in _CLOSERS:
            self.open.append((token, at))
            if len(self.open) > BRACKETS_MAX:
                raise _error(
                    self.source, at, "rule-too-big", f"more than {BRACKETS_MAX} brackets inside one another",
                    f"括号嵌套超过 {BRACKETS_MAX} 层",
                )  # fmt: skip
        elif not self.open or _CLOSERS[self.open.pop()[0]] != token:
            raise _error(self.source, at, "rule-syntax", f"`{token}` closes nothing", f"`{token}` 没有对应的左括号")

    def _slip(self, at: int, token: str) -> DefinitionError:
        if token in {'"', "'"}:
            return _error(self.source, at, "rule-text", "this text has no closing quote", "文本缺少结束引号")
        fix = _SLIPS.get(token)
        if fix is None and not token.isascii():
            fix = _wide_fix(token)
        en, zh = f"`{token}` has no meaning in an expression", f"表达式中不能使用 `{token}`"
        return _error(self.source, at, "rule-character", en, zh, fix)


def _wide_fix(token: str) -> Text:
    plain = _WIDE.get(token) or unicodedata.normalize("NFKC", token)
    if plain.isascii() and plain.strip():
        return Text(f"this is a full-width character; write {plain}", f"这是全角字符，请写 {plain}")
    if plain.isspace():
        return Text("this is a full-width space; write a plain one", "这是全角空格，请用半角空格")
    return Text("put text between quotes", "文本请加引号")


def _error(source: Source, offset: int, code: str, en: str, zh: str, fix: Text | None = None) -> DefinitionError:
    problem: Problem = source.problem(offset, code, en, zh, fix)
    return DefinitionError((problem,))
