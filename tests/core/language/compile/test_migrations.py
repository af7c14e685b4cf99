from tests.core.language.bench import Faults, Load

SHOP = """
plugin: shop
version: 1.10.0
label: {en: Shop, zh: 门店}
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields: {name: {type: text, label: {en: Name, zh: 姓名}}}
    states: {here: {en: Here, zh: 在}}
migrations:
"""


def test_steps_come_in_the_order_of_versions(load: Load) -> None:
    steps = load(
        SHOP
        + """
  1.10.0: [{map: guest.state, with: {gone: here}}]
  1.9.0:
    - {rename: guest.full_name, to: name}
    - {fill: guest.name, value: unknown}
    - {drop: guest.fax, accept: data_loss}
"""
    ).migrations
    assert list(steps) == ["1.9.0", "1.10.0"]
    assert [(step.how, step.record, step.name) for step in steps["1.9.0"]] == [
        ("rename", "guest", "full_name"), ("fill", "guest", "name"), ("drop", "guest", "fax"),
    ]  # fmt: skip
    assert steps["1.9.0"][0].to == "name"


def test_a_drop_loses_data_and_says_so(faults: Faults) -> None:
    faults(
        SHOP
        + """
  1.1.0:
    - {drop: guest.fax}  # <- drop-not-accepted
    - {drop: guest.name, accept: data_loss}  # <- bad-migration
"""
    )


def test_a_step_speaks_of_what_is_there(faults: Faults) -> None:
    faults(
        SHOP
        + """
  soon: []  # <- bad-version
  2.0.0: []  # <- bad-version
  1.2.0:
    - {rename: guest.nam, to: nmae}  # <- unknown-field
    - {rename: guest.nam}  # <- missing-key
    - {fill: gest.name, value: x}  # <- unknown-record
    - {fill: guest.nmae, value: x}  # <- unknown-field
    - {map: guest.name}  # <- missing-key
    - {fill: guest.name, drop: guest.x}  # <- bad-migration
"""
    )


def test_a_step_of_an_older_version_speaks_of_the_fields_of_its_time(load: Load) -> None:
    steps = load(
        SHOP
        + """
  1.1.0: [{rename: guest.called, to: full_name}, {map: guest.full_name, with: {nobody: unknown}}]
  1.2.0: [{rename: guest.full_name, to: name}, {fill: guest.fax, value: none}]
  1.3.0: [{drop: guest.fax, accept: data_loss}]
"""
    ).migrations
    assert [step.name for version in steps.values() for step in version] == [
        "called", "full_name", "full_name", "fax", "fax",
    ]  # fmt: skip


def test_what_a_step_writes_must_fit_the_field(faults: Faults) -> None:
    faults(
        SHOP.replace("fields: {", "fields: {age: {type: int, label: {en: Age, zh: 年龄}}, ")
        + """
  1.2.0:
    - {fill: guest.age, value: old}  # <- bad-number
    - {map: guest.age, with: {"7": many}}  # <- bad-number
    - {map: guest.state, with: {gone: her}}  # <- unknown-state
  1.1.0: [{rename: guest.age, to: name}]  # <- bad-migration
"""
    )


def test_values_become_cells_when_the_plugin_is_loaded(load: Load) -> None:
    plugin = load(
        SHOP.replace("fields: {", "fields: {paid: {type: money, label: {en: Paid, zh: 已付}}, ")
        + """
  1.2.0: [{map: guest.paid, with: {"5": "7.50", lots: "9"}}, {fill: guest.paid, value: 12}]
"""
    )
    mapped, filled = plugin.migrations["1.2.0"]
    assert mapped.mapping == {500: 750, "lots": 900}
    assert filled.value == 1200
