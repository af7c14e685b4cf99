from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.host.host import Host

WritePlugin = Callable[..., Path]
OpenHost = Callable[..., Host]

LUHN = """\
from core.host.hookspecs import hookimpl
from core.language.expressions.functions import Function, Param
from core.model.errors import Text
from core.model.kinds import BOOL

@hookimpl
def functions():
    return [Function("%s", (Param("number", ("text",)),), BOOL, Text("Right?", "对吗？"), 'well_formed("1")', str.isdigit)]
"""
CHECKED = """\
  card:
    label: {en: Card, zh: 会员卡}
    fields: {code: {type: text, required: true, label: {en: Number, zh: 卡号}}}
    by: desk
    actions:
      issue:
        label: {en: Issue, zh: 发卡}
        from: new
        ask: [code]
        checks: {right: {rule: well_formed(self.code), message: {en: Check the number, zh: 卡号有误}}}
"""


def test_a_plugin_may_use_the_functions_of_its_own_hooks(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental", hooks=LUHN % "well_formed", more=CHECKED)

    catalog = open_host().catalog

    assert catalog.faults == ()
    assert "well_formed" in catalog.functions


def test_a_function_is_known_to_those_who_require_its_plugin_and_to_nobody_else(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("a_base", record="frame", hooks=LUHN % "well_formed")
    write_plugin("bicycle_rental", requires="core: ^1, a_base: ^1", more=CHECKED)
    write_plugin("boat_rental", record="boat", more=CHECKED.replace("card", "pass"))

    faults = {fault.plugin: fault for fault in open_host().catalog.faults}

    assert list(faults) == ["boat_rental"]
    assert "well_formed" in faults["boat_rental"].problems[0].what.en


def test_a_name_that_is_taken_is_a_fault_of_the_one_who_brings_it(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental", hooks=LUHN % "round")

    (fault,) = open_host().catalog.faults

    assert fault.problems[0].what.en == "there is already a function `round`"


def test_holidays_a_plugin_brings_can_be_named_in_its_calendar(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    hooks = (
        "from datetime import date\nfrom core.host.hookspecs import hookimpl\n\n@hookimpl\ndef holiday_sources():\n"
        "    return {'mall': lambda year: {date(year, 12, 24): 'Mall closed'}}\n"
    )
    write_plugin("bicycle_rental", hooks=hooks, more="calendar: {holidays: mall}\n")
    write_plugin("boat_rental", record="boat", more="calendar: {holidays: maul}\n")

    catalog = open_host().catalog

    assert [fault.plugin for fault in catalog.faults] == ["boat_rental"]
    assert catalog.faults[0].problems[0].code == "unknown-holidays"
    assert "mall" in catalog.holiday_sources


def test_an_installed_plugin_whose_words_are_taken_is_left_out(open_host: OpenHost, tmp_path: Path) -> None:
    host = open_host()
    namespace: dict[str, object] = {}
    exec(LUHN % "round", namespace)

    host.register(type("Distribution", (), {"functions": staticmethod(namespace["functions"])})(), "luhn")

    assert [fault.plugin for fault in host.catalog.faults] == ["luhn"]
    assert "luhn" not in host.plugin_names
