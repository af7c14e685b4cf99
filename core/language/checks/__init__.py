"""Load-time checks that need the whole plugin: what each part says is right, but do the parts fit together?"""

from __future__ import annotations

from collections.abc import Callable

from core.language.checks.cycles import check_cycles
from core.language.checks.exclusive import check_exclusive
from core.language.checks.inspection import Inspection
from core.language.checks.menus import check_menus
from core.language.checks.outcomes import check_outcomes
from core.language.checks.pairs import check_pairs
from core.language.checks.personal import check_personal
from core.language.checks.rulebook import check_rulebook
from core.language.checks.scorecards import check_scorecards
from core.language.checks.settings import check_settings
from core.language.checks.sight import check_sight
from core.language.checks.states import check_states
from core.language.checks.timers import check_timers
from core.language.checks.wheres import check_wheres

__all__ = ["CHECKS", "Inspection"]

CHECKS: tuple[Callable[[Inspection], None], ...] = (
    check_cycles,
    check_exclusive,
    check_menus,
    check_outcomes,
    check_pairs,
    check_personal,
    check_rulebook,
    check_scorecards,
    check_settings,
    check_sight,
    check_states,
    check_timers,
    check_wheres,
)
