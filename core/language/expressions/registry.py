"""What a function of the rule language is, and the registry that holds them. Python plugins add to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.model.errors import Text
from core.model.kinds import Kind

Nulls = Literal["fail", "pass", "see"]
Emptiness = Literal["never", "any", "all", "always"]
ResultKind = Kind | Callable[[tuple[Kind, ...]], Kind]


@dataclass(frozen=True, slots=True)
class Param:
    """One argument. ``kinds`` are the names of the kinds it takes, empty for any of them.

    ``known`` says that the argument is a word of this sort (``ledger``, ``role``, ``dispatch``), checked
    against ``NameScope.known`` when it is written out in the rule.
    """

    name: str
    kinds: tuple[str, ...] = ()
    optional: bool = False
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function rules may call.

    ``run`` gets the argument values; with ``needs_env`` the Env comes first; with ``needs_world`` there is
    no ``run`` and the node answers (``World.call``). It is pure: the same arguments give the same value.

    ``nulls`` says what an empty argument does: ``fail`` (the rule needs it: EmptyValue), ``pass`` (an
    empty value in, an empty value out) or ``see`` (the function is given None). ``empty`` says when the result
    may be empty: never, when any or when all of the arguments are, or always. ``sql`` is set when the
    database can do it to columns too; ``stores.lowering`` knows how, or, for a plugin's own function, it
    is a callable from SQL arguments to SQL.
    """

    name: str
    params: tuple[Param, ...]
    result: ResultKind
    doc: Text
    example: str
    run: Callable[..., object] | None = None
    nulls: Nulls = "fail"
    many: bool = False  # the last argument may be repeated
    needs_env: bool = False
    needs_world: bool = False
    empty: Emptiness = "never"
    folds: bool = False  # worked out at load when it is given only constants, so that mistakes show at load
    sql: bool | Callable[..., Any] = False

    def result_of(self, kinds: tuple[Kind, ...]) -> Kind:
        """Return what it gives for arguments of these kinds."""
        return self.result(kinds) if callable(self.result) else self.result

    def may_be_empty(self, args: Sequence[bool]) -> bool:
        """Return whether the result may be empty, given which of the arguments may be."""
        when = "any" if self.nulls == "pass" else self.empty
        return when == "always" or (when == "any" and any(args)) or (when == "all" and all(args))

    def param(self, index: int) -> Param:
        """Return the parameter an argument belongs to."""
        return self.params[min(index, len(self.params) - 1)]

    @property
    def arguments_min(self) -> int:
        """How many arguments it needs."""
        return sum(not param.optional for param in self.params)

    @property
    def arguments_max(self) -> int | None:
        """How many it takes at most; None: any number."""
        return None if self.many else len(self.params)

    @property
    def signature(self) -> str:
        """``after(moment, duration)``."""
        names = [f"[{param.name}]" if param.optional else param.name for param in self.params]
        return f"{self.name}({', '.join(names)}{', …' if self.many else ''})"


class Functions(Mapping[str, Function]):
    """The functions of one node, by name. Immutable; ``with_`` gives a larger registry."""

    __slots__ = ("_known",)

    def __init__(self, *functions: Function) -> None:
        self._known = {function.name: function for function in functions}
        assert len(self._known) == len(functions), "a function is registered twice"

    def with_(self, *functions: Function) -> Functions:
        """Return the registry with more functions. A name may not be taken twice."""
        return Functions(*self._known.values(), *functions)

    def __getitem__(self, name: str) -> Function:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
