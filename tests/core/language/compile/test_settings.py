from datetime import date, time
from decimal import Decimal

import pytest

from core.model.duration import Duration
from tests.core.language.bench import Faults, Load

L = "label: {en: X, zh: 某}"


def test_a_default_is_read_by_its_type(load: Load) -> None:
    settings = load(f"""
settings:
  cutoff: {{type: time, default: "20:45", {L}}}
  hold:   {{type: duration, default: 20m, min: 10m, max: 45m, {L}}}
  fine:   {{type: money, default: 500, lock: hq, {L}}}
  weight: {{type: int, default: null, {L}}}
""").settings
    assert settings["cutoff"].default == time(20, 45)
    assert settings["hold"].default == Duration(seconds=1200)
    assert settings["fine"].default == Decimal(500)
    assert settings["fine"].lock == "hq"
    assert settings["weight"].default is None


@pytest.mark.parametrize(
    "line",
    ["type: duration, default: 5m, min: 10m", "type: int, default: 7, max: 5", "type: time, default: late", "type: money, default: much"],
)  # fmt: skip
def test_a_default_outside_its_limits_or_of_another_type_is_refused(faults: Faults, line: str) -> None:
    faults(f"""
settings:
  knob: {{{line}, {L}}}  # <- bad-default
""")


def test_the_parts_of_a_list_or_map_have_types_though_nobody_spelled_them_out(load: Load) -> None:
    plugin = load(f"""
settings:
  calls:   {{type: list, default: [{{stage: first, opens: 15d, share: 0.5, on: true, n: 3}}], {L}}}
  cadence: {{type: map, default: {{key: 2, general: 1}}, {L}}}
records:
  account:
    label: {{en: Account, zh: 客户}}
    fields:
      tier: {{type: enum, of: {{key: {{en: K, zh: 重}}, general: {{en: G, zh: 般}}}}, default: key, {L}}}
      due:  {{type: int, value: '=settings.cadence[self.tier]', {L}}}
""")
    item = plugin.settings["calls"].spec.item
    assert item
    assert item.parts
    assert {name: spec.type for name, spec in item.parts.items()} == {
        "stage": "text", "opens": "duration", "share": "decimal", "on": "bool", "n": "int",
    }  # fmt: skip


def test_roles_have_deputies_that_exist(faults: Faults) -> None:
    faults("""
plugin: shop
version: 1.0.0
label: {en: Shop, zh: 门店}
roles:
  desk: {label: {en: Desk, zh: 前台}, deputy: cheif}  # <- unknown-role
  chief: {label: {en: Chief, zh: 主管}, deputy: chief}  # <- own-deputy
  system: {label: {en: System, zh: 系统}}  # <- reserved-name
""")


def test_the_calendar_knows_days_spans_and_exceptions(load: Load) -> None:
    calendar = load("""
calendar: {day_starts: "08:00", open: {mon-fri: ["09:00-12:00", "13:00-24:00"], sat: "19:00-05:00", sun: null}, holidays: cn, off: ["2026-10-08"], work: ["2026-10-10"]}
""").calendar
    assert calendar.day_starts == time(8)
    assert calendar.open["wed"] == ((time(9), time(12)), (time(13), time(0)))
    assert calendar.open["sat"] == ((time(19), time(5)),)
    assert calendar.open["sun"] == ()
    assert (calendar.off, calendar.work, calendar.holidays) == ({date(2026, 10, 8)}, {date(2026, 10, 10)}, "cn")


def test_a_calendar_that_cannot_be_read_is_told_apart(faults: Faults) -> None:
    faults("""
calendar:
  day_starts: noon  # <- bad-calendar
  open:
    weekdays: "09:00-18:00"  # <- bad-calendar
    mon: "9 to 5"  # <- bad-calendar
    tue: "09:00-25:00"  # <- bad-calendar
  off: ["8 October"]  # <- bad-calendar
""")


def test_only_switches_exclude_one_another_and_both_may_not_be_on_from_the_beginning(faults: Faults) -> None:
    faults(f"""
settings:
  fine:  {{type: money, default: 1, {L}}}
  early: {{type: bool, default: true, excludes: fine, {L}}}    # <- not-a-switch
  late:  {{type: bool, default: true, excludes: early, {L}}}   # <- both-on
  never: {{type: bool, default: true, excludes: ever, {L}}}    # <- unknown-setting
""")
