from __future__ import annotations

import pytest

from core.language.mutants import mutants_of
from core.language.yaml_tree import YamlNode, parse_yaml

SHOP = """
settings:
  limit: {type: duration, default: 20m, min: 10m, label: {en: Limit, zh: 时限}}
  shut: {type: time, default: "20:45", label: {en: Shut, zh: 打烊}}
  fine: {type: money, default: 2.50, lock: hq, label: {en: Fine, zh: 罚款}}
  free: {type: bool, default: false, label: {en: Free, zh: 免费}}
  how: {type: enum, of: {one: {en: O, zh: 一}, two: {en: T, zh: 二}}, default: two, label: {en: How, zh: 方式}}
records:
  order:
    label: {en: Order, zh: 订单}
    fields:
      at: {type: text, required: true, label: {en: At, zh: 处}}
      phone: {type: phone, mask: last4, merge: home, label: {en: Phone, zh: 电话}}
      kind:
        type: text
        label: {en: Kind, zh: 类}
        value:
          - {when: self.n > 1, is: big}
          - {is: small}
    states: {fresh: {en: New, zh: 新}, old: {en: Old, zh: 旧}}
    by: [desk, chief]
    actions:
      begin: {from: new}
      take:
        from: [fresh, old]
        to: old
        by: desk
        confirm: chief
        checks: {few: {rule: self.n < 3, message: {en: "{self.n} < 3", zh: "{self.n} < 3"}}}
        set: {done: true, at: =now}
        notice: [one, two]
        outcomes:
          - {when: self.a, post: {fines: {account: =me, amount: =-settings.fine, why: {en: W, zh: 因}}}}
          - {refuse: {en: No, zh: 否}}
      slip: {from: fresh, to: old, by: system}
    timers: {hold: {while: self.b, due: =self.at, remind: [{before: 5m, notice: soon}], then: slip}}
    read: {desk: {mask: [phone, at], where: self.owner == me}, chief: {}}
    sync: {scope: store, home: store}
notices: {soon: {to: [desk, chief], text: {en: "1 < 2", zh: "1 < 2"}}}
views: {all: {kind: list, of: order, where: self.n < 3}}
scenarios: {one: {given: {now: "2026-01-01 10:00"}, then: 1 < 2}}
"""
ROOT = parse_yaml(SHOP, "shop.yaml")
NAMES = [mutant.name for mutant in mutants_of(ROOT)]


def below(path: str) -> set[str]:
    return {name.removeprefix(path).lstrip(".: ") for name in NAMES if name.startswith(path)}


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        ("settings.limit", {"min: dropped", "default: `20m` -> `21m`", "default: `20m` -> `19m`"}),
        ("settings.shut", {"default: `20:45` -> `20:46`", "default: `20:45` -> `20:44`"}),
        ("settings.fine", {"default: `2.50` -> `2.51`", "default: `2.50` -> `2.49`"}),
        ("settings.free", {"default: `false` -> `true`"}),
        ("settings.how", {"default: `two` -> `one`"}),
        ("records.order.fields.at", {"required: dropped"}),
        ("records.order.fields.phone", {"mask: dropped"}),
        (
            "records.order.fields.kind.value",
            {"rows 0 and 1 swapped", "[0]: dropped", "[1]: dropped", "[0].when: `self.n > 1` -> `self.n >= 1`",
             "[0].when: `1` -> `2`"},
        ),
        ("records.order.by", {"anybody may", "[0]: dropped", "[1]: dropped"}),
        ("records.order.actions.take.from", {"from any state", "[0]: dropped", "[1]: dropped"}),
        ("records.order.actions.take.to", {"`old` -> `fresh`"}),
        ("records.order.actions.take.by", {"anybody may"}),
        ("records.order.actions.take.confirm", {"dropped"}),
        ("records.order.actions.take.checks", {"few: dropped", "few.rule: `self.n < 3` -> `self.n <= 3`", "few.rule: `3` -> `4`"}),
        ("records.order.actions.take.set", {"done: dropped", "done: `true` -> `false`", "at: dropped"}),
        ("records.order.actions.take.notice", {"[0]: dropped", "[1]: dropped"}),
        (
            "records.order.actions.take.outcomes",
            {"rows 0 and 1 swapped", "[0]: dropped", "[1]: dropped", "[0].post.fines: dropped"},
        ),
        ("records.order.actions.slip", {"from: from any state", "to: `old` -> `fresh`"}),
        (
            "records.order.timers.hold",
            {"dropped", "due: a minute later", "due: a minute earlier", "remind[0]: dropped", "remind[0].notice: dropped",
             "remind[0].before: `5m` -> `6m`", "remind[0].before: `5m` -> `4m`"},
        ),
        (
            "records.order.read",
            {"anybody may read it all", "desk: dropped", "chief: dropped", "desk.mask: dropped", "desk.mask[0]: dropped",
             "desk.mask[1]: dropped", "desk.where: dropped", "desk.where: `self.owner == me` -> `self.owner != me`"},
        ),
        ("records.order.sync", set()),
        ("notices", {"soon.to[0]: dropped", "soon.to[1]: dropped"}),
        ("views", set()),
        ("scenarios", set()),
    ],
)  # fmt: skip
def test_every_rule_is_broken_and_nothing_but_rules(path: str, broken: set[str]) -> None:
    assert below(path) == broken


def test_a_mutant_differs_in_its_own_place_only() -> None:
    (mutant,) = [each for each in mutants_of(ROOT) if each.name == "records.order.actions.take.notice[0]: dropped"]
    changed = mutant.applied(ROOT)

    action = ("records", "order", "actions", "take")
    assert changed.at((*action, "notice")).plain() == ["two"]
    assert plain_without(changed, *action, "notice") == plain_without(ROOT, *action, "notice")
    assert (mutant.place.line, mutant.place.column) == (31, 18)


def plain_without(root: YamlNode, *path: str) -> object:
    plain: object = root.plain()
    inner: object = plain
    for step in path[:-1]:
        assert isinstance(inner, dict)
        inner = inner[step]
    assert isinstance(inner, dict)
    del inner[path[-1]]
    return plain


def test_a_name_that_is_also_a_word_of_the_language_is_only_a_name() -> None:
    root = parse_yaml("records: {bill: {timers: {first: {while: self.a, due: =self.at, then: remind}}}}", "bill.yaml")

    assert "records.bill.timers.first.due: a minute later" in [mutant.name for mutant in mutants_of(root)]


def test_a_check_may_be_called_like_a_word_of_the_language() -> None:
    root = parse_yaml("dispatch: {turn: {eligible: {type: {rule: self.n < 3}}}}", "turn.yaml")

    assert "dispatch.turn.eligible.type: dropped" in [mutant.name for mutant in mutants_of(root)]


def test_rows_that_exclude_each_other_or_give_the_same_do_not_change_places() -> None:
    apart = "{when: self.n == 1, is: a}, {when: self.n == 2, is: b}"
    rows = f"value: [{apart}, {{when: self.m, is: c}}, {{when: self.k, is: c}}, {{is: d}}]"
    root = parse_yaml(f"records: {{bill: {{fields: {{rate: {{{rows}}}}}}}}}", "bill.yaml")

    swapped = [mutant.name for mutant in mutants_of(root) if mutant.name.endswith("swapped")]
    assert swapped == [f"records.bill.fields.rate.value: rows {rows} swapped" for rows in ("1 and 2", "3 and 4")]
