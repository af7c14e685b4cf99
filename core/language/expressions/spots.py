"""Where in a plugin file a part of an expression stands, and problems that say so."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.model.errors import Level, Place, Problem, Text


@dataclass(frozen=True, slots=True)
class Source:
    """The text of an expression and the place of its first character in a plugin file."""

    text: str
    place: Place | None = None

    def spot(self, offset: int) -> Place | None:
        """Return the place of character ``offset``."""
        if self.place is None:
            return None
        before = self.text[:offset]
        if "\n" in before:  # a literal block: columns of later lines count from where the block's lines begin
            line = self.place.line + before.count("\n")
            return replace(self.place, line=line, column=offset - before.rfind("\n"))
        return replace(self.place, column=self.place.column + offset)

    def problem(
        self, offset: int, code: str, en: str, zh: str, fix: Text | None = None, level: Level = "error"
    ) -> Problem:
        """Return a problem at character ``offset``."""
        return Problem(code, Text(en, zh), fix=fix, place=self.spot(offset), level=level)
