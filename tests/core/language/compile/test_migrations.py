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


def test_whoever_writes_a_migration_is_told_that_nodes_do_not_run_it_yet(load: Load) -> None:
    plugin = load(SHOP + "  1.9.0: [{fill: guest.name, value: unknown}]\n")

    assert "migration-not-run" in [problem.code for problem in plugin.warnings]
