from tests.core.language.bench import Faults

RECORDS = """
records:
  case: {label: {en: Case, zh: 处罚}, fields: {text: {type: text}}, states: {open: {en: Open, zh: 待办}}, actions: {note: {from: new, to: open, by: desk, ask: [text]}}, read: {desk: {}}, sync: {scope: store, home: store}}
views:
"""


def test_a_view_called_like_a_record_is_warned_of(faults: Faults) -> None:
    faults(
        RECORDS
        + """
  board: {kind: board, of: case, columns: state, label: {en: Cases by state, zh: 处罚}}  # ~ menu-line-twice
"""
    )


def test_two_views_of_one_name_are_warned_of_once(faults: Faults) -> None:
    faults(
        RECORDS
        + """
  one: {kind: board, of: case, columns: state, label: {en: By state, zh: 处罚看板}}
  two: {kind: list, of: case, where: self.state == "open", label: {en: By state, zh: 待办处罚}}  # ~ menu-line-twice
"""
    )


def test_a_list_of_all_records_takes_the_place_of_their_line_and_forms_have_none(faults: Faults) -> None:
    faults(
        RECORDS
        + """
  all: {kind: list, of: case, columns: [text], label: {en: Case, zh: 处罚}}
  form: {kind: form, of: case, sections: [{fields: [text]}], label: {en: Case, zh: 处罚}}
"""
    )


def test_a_ledger_called_like_a_record_is_warned_of(faults: Faults) -> None:
    faults(
        RECORDS.replace("views:\n", "")
        + """
ledgers:
  fines: {account: staff, unit: CNY, label: {en: Fines, zh: 处罚}}  # ~ menu-line-twice
"""
    )
