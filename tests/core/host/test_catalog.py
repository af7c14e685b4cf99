from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.host.host import Host

WritePlugin = Callable[..., Path]
OpenHost = Callable[..., Host]

RANK = """\
  staff:
    fields: {rank: {type: %s, label: {en: Rank, zh: 级别}}}
"""


def test_fields_a_plugin_adds_to_staff_are_in_the_one_record_type(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental", more=RANK % "int")

    staff = open_host().catalog.record("bicycle_rental", "staff")

    assert staff.key == "core.staff"
    assert {"name", "badge", "rank"} <= staff.fields.keys()
    assert staff.fields["rank"].spec.type == "int"


def test_two_plugins_may_add_the_same_field_when_they_mean_the_same(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental", more=RANK % "int")
    write_plugin("boat_rental", record="boat", more=RANK % "int")

    assert open_host().catalog.faults == ()


def test_two_plugins_that_mean_different_things_by_a_field_clash_and_the_later_is_at_fault(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental", more=RANK % "int")
    boats = write_plugin("boat_rental", record="boat", more=RANK % "text")

    catalog = open_host().catalog

    (fault,) = catalog.faults
    assert fault.plugin == "boat_rental"
    assert "`staff.rank` is already defined differently" in fault.problems[0].what.en
    assert fault.problems[0].place is not None
    assert fault.problems[0].place.file == str(boats / "plugin.yaml")
    assert catalog.records["core.staff"].fields["rank"].spec.type == "int"
    assert "boat_rental.boat" not in catalog.records, "nothing of a faulty plugin is in the catalog"


def test_two_record_types_may_not_share_a_table(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("city", record="bike_repair")  # table city_bike_repair
    write_plugin("city_bike", record="repair")  # table city_bike_repair

    (fault,) = open_host().catalog.faults

    assert fault.plugin == "city_bike"
    assert "city_bike_repair" in fault.problems[0].what.en


def test_a_newcomer_does_not_take_away_what_already_runs(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("boat_rental", record="boat", more=RANK % "text")
    host = open_host()

    write_plugin("bicycle_rental", more=RANK % "int")  # comes first by name
    host.reload()

    assert host.catalog.records["core.staff"].fields["rank"].spec.type == "text"
    assert [fault.plugin for fault in host.catalog.faults] == ["bicycle_rental"]


def test_the_revision_changes_when_something_that_runs_has_changed_and_only_then(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    folder = write_plugin("bicycle_rental")
    host = open_host()
    first = host.catalog.revision

    (folder / "README.md").write_text("Bicycles")
    host.reload()
    assert host.catalog.revision == first

    write_plugin("bicycle_rental", version="1.0.1")
    host.reload()
    assert host.catalog.revision != first


WIDER = """\
  time_off:
    fields: {kind: {type: enum, of: {%s: {en: Dinner, zh: 陪客户吃饭}}}}
    actions: {grant: {by: desk}}
"""


def test_plugins_add_options_to_an_enum_of_core_and_roles_to_its_actions(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental", more=WIDER % "dinner")
    write_plugin("boat_rental", record="boat", more=WIDER % "regatta")

    catalog = open_host().catalog
    leave = catalog.records["core.time_off"]

    assert catalog.faults == ()
    assert {"annual", "dinner", "regatta"} <= set(leave.fields["kind"].spec.options or ())
    assert leave.actions["grant"].by == ("store_admin", "hq_admin", "desk")
    assert leave.actions["grant"].checks, "its rules stay"
