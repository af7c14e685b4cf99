"""The ``read_filter`` hooks' rules, compiled once per text; what cannot be compiled hides everything."""

from __future__ import annotations

import logging

from core.host.loading import Generation
from core.language.compile.reach import reach_of
from core.language.definition import RecordType
from core.language.expressions import STANDARD_NAMES, Formula, Literal, NameScope
from core.language.expressions.compile import compile_condition
from core.language.expressions.sqlable import sql_problem
from core.model.errors import NodeError
from core.model.kinds import BOOL, MAP, record_kind

log = logging.getLogger(__name__)

NOTHING = Literal(False, BOOL)  # the rule that no record meets


class ReadFilters:
    """Compiled rules by record type and text, for one generation at a time."""

    def __init__(self) -> None:
        self._generation: Generation | None = None
        self._compiled: dict[tuple[str, str], Formula] = {}

    def of(
        self, generation: Generation, reader: str | None, roles: frozenset[str], record: RecordType
    ) -> tuple[Formula, ...]:
        """Return the rules that all hooks add for this reader; a hook that fails adds one that nothing meets."""
        if self._generation is not generation:
            self._generation, self._compiled = generation, {}
        try:
            texts = generation.manager.hook.read_filter(reader=reader, roles=roles, record=record)
        except Exception:
            log.exception("a read_filter hook failed; %s is hidden from %s", record.key, reader)
            return (NOTHING,)
        return tuple(self._formula(generation, record, text) for text in texts)

    def _formula(self, generation: Generation, record: RecordType, text: str) -> Formula:
        key = (record.key, text)
        if key not in self._compiled:
            self._compiled[key] = _compile(generation, record, text)
        return self._compiled[key]


def _compile(generation: Generation, record: RecordType, text: str) -> Formula:
    plugins = generation.catalog.plugins
    reach = reach_of(plugins, [record.plugin, *(name for name in plugins if name != record.plugin)])
    reach.refresh()
    scope = NameScope({**STANDARD_NAMES, "settings": MAP, "self": record_kind(record.key)}, reach.shapes, "self")
    try:
        formula = compile_condition(text, None, scope, generation.catalog.functions)
    except NodeError:
        log.exception("a read_filter rule does not compile; %s is hidden: %s", record.key, text)
        return NOTHING
    if sql_problem(formula) is not None:
        log.error("a read_filter rule cannot be asked of the database; %s is hidden: %s", record.key, text)
        return NOTHING
    return formula
