from pathlib import Path

import pytest

from core.language import compile_plugin
from core.language.definition import Plugin
from core.model.errors import DefinitionError
from tests.core.language.bench import Faults, Load, with_head


def test_every_cited_rule_is_listed_with_the_place_that_carries_it_out(load: Load) -> None:
    citations = load("""
settings:
  cap: {type: int, default: 3, cite: HR-21, label: {en: Cap, zh: 上限}}
records:
  order:
    label: {en: Order, zh: 订单}
    cite: [HR-1, HR-2]
    fields: {n: {type: int, default: 0, cite: [HR-3], label: {en: N, zh: 数}}}
    by: desk
    actions:
      open:
        label: {en: Open, zh: 开}
        from: new
        checks: {few: {rule: self.n < settings.cap, cite: HR-4, message: {en: Too many, zh: 太多}}}
        outcomes: [{when: self.n > 1, cite: HR-5}, {}]
""").citations
    assert [(rule.number, rule.where) for rule in citations] == [
        ("HR-21", "settings.cap"),
        ("HR-1", "records.order"),
        ("HR-2", "records.order"),
        ("HR-3", "records.order.fields.n"),
        ("HR-4", "records.order.actions.open.checks.few"),
        ("HR-5", "records.order.actions.open.outcomes[0]"),
    ]
    assert citations[-1].place.line == 19


RULES = """
rules:
  HR-1: {mark: S, en: The desk opens orders., zh: 订单由前台开立。}
  HR-2: {mark: X, en: Orders may wait., zh: 订单可以等待。}
"""


def test_the_rule_book_is_kept_in_words_with_its_marks(load: Load) -> None:
    rules = load(RULES).rules
    assert [(rule.number, rule.mark, rule.text.zh) for rule in rules.values()] == [
        ("HR-1", "S", "订单由前台开立。"),
        ("HR-2", "X", "订单可以等待。"),
    ]
    assert [rule.binding for rule in rules.values()] == [True, False]
    assert rules["HR-2"].place.line == 8


def test_a_plugin_with_a_rule_book_cites_only_what_stands_in_it(faults: Faults) -> None:
    (problem, _) = faults(f"""
settings:
  cap: {{type: int, default: 3, cite: HR-11, label: {{en: Cap, zh: 上限}}}}  # <- unknown-rule
  low: {{type: int, default: 3, cite: [HR-1, HR-2], label: {{en: Low, zh: 下限}}}}
scenarios:
  one:
    cite: [XX-9]  # <- unknown-rule
    given: {{now: "2026-01-01 10:00"}}
    then: settings.cap == 3
{RULES}""")
    assert problem.fix is not None
    assert "HR-1" in problem.fix.en
    assert problem.place is not None
    assert problem.place.column == 38


def test_rules_need_both_languages_and_a_mark_that_is_known(faults: Faults) -> None:
    faults("""
rules:
  HR-1: {mark: S, en: The desk opens orders.}  # <- missing-language
  HR-2: {mark: Q, en: Orders may wait., zh: 订单可以等待。}  # <- unknown-word
  HR-3: {en: Orders may wait., zh: 订单可以等待。}  # <- missing-key
""")


def test_a_number_stands_once_even_over_several_files(core: Plugin, tmp_path: Path) -> None:
    (tmp_path / "plugin.yaml").write_text(with_head(RULES), encoding="utf-8")
    (tmp_path / "rules.yaml").write_text("rules: {HR-2: {mark: S, en: Again., zh: 又一次。}}", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        compile_plugin(tmp_path, {"core": core})
    assert [problem.code for problem in caught.value.problems] == ["defined-twice"]


def test_what_builds_on_a_plugin_may_cite_its_rules_too(core: Plugin, load: Load, tmp_path: Path) -> None:
    base = load(RULES)
    (tmp_path / "plugin.yaml").write_text(
        """
plugin: more
version: 1.0.0
requires: {core: ^1, shop: ^1}
label: {en: More, zh: 更多}
rules: {MO-1: {mark: S, en: More., zh: 更多。}}
settings: {cap: {type: int, default: 3, cite: [HR-1, MO-1], label: {en: Cap, zh: 上限}}}
""",
        encoding="utf-8",
    )
    more = compile_plugin(tmp_path / "plugin.yaml", {"core": core, "shop": base})
    assert [citation.number for citation in more.citations] == ["HR-1", "MO-1"]


def test_a_value_that_happens_to_be_called_cite_is_no_citation(load: Load) -> None:
    citations = load("""
records:
  order:
    label: {en: Order, zh: 订单}
    fields: {cite: {type: text, label: {en: Cited, zh: 引文}}}
    by: desk
    actions: {open: {from: new, ask: [cite], label: {en: Open, zh: 开}}}
samples:
  order: {one: {cite: HR-9}}
scenarios:
  one:
    given: {now: "2026-01-01 10:00"}
    when: [{do: order.open, with: {cite: HR-8}}]
    then: size(order) == 1
""").citations
    assert citations == ()
