from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from core.host import host as host_module
from core.host.catalog import Catalog
from core.host.hookspecs import hookimpl
from core.host.host import Host, tell_installed
from core.model.errors import DefinitionError, NotFound, Problem, Text

WritePlugin = Callable[..., Path]
OpenHost = Callable[..., Host]

BROKEN = "  bike: {label: {en: Bicycle, zh: 自行车}, actions: {buy: {from: nowhere}}}\n"


def test_core_and_every_plugin_folder_run_after_the_start(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")

    catalog = open_host().catalog

    assert list(catalog.plugins) == ["core", "bicycle_rental"]
    assert catalog.record("bicycle_rental", "bike").key == "bicycle_rental.bike"
    assert catalog.record("bicycle_rental", "staff").key == "core.staff"
    assert catalog.faults == ()


def test_a_plugin_that_was_never_good_is_just_a_fault(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental", more=BROKEN)
    write_plugin("boat_rental", record="boat")

    catalog = open_host().catalog

    assert list(catalog.plugins) == ["core", "boat_rental"]
    (fault,) = catalog.faults
    assert (fault.plugin, fault.kept_version) == ("bicycle_rental", None)
    assert fault.problems[0].place is not None


def test_a_plugin_that_breaks_keeps_its_last_good_version(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental", version="1.0.0")
    host = open_host()
    good = host.catalog.plugin("bicycle_rental")

    write_plugin("bicycle_rental", version="1.1.0", more=BROKEN)
    report = host.reload()

    assert host.catalog.plugin("bicycle_rental") is good
    assert [(fault.plugin, fault.kept_version) for fault in report.faults] == [("bicycle_rental", "1.0.0")]
    assert report.activated == ()
    assert report.old is not None
    assert report.new.revision == report.old.revision


@pytest.mark.parametrize("text", ["plugin: [", "- not a mapping", ""])
def test_a_file_that_is_no_plugin_any_more_stops_neither_it_nor_what_requires_it(
    write_plugin: WritePlugin, open_host: OpenHost, text: str
) -> None:
    folder = write_plugin("bicycle_rental")
    write_plugin("tandem", requires="core: ^1, bicycle_rental: ^1", record="tandem")
    host = open_host()

    (folder / "plugin.yaml").write_text(text)
    host.reload()

    assert list(host.catalog.plugins) == ["core", "bicycle_rental", "tandem"]
    assert [fault.plugin for fault in host.catalog.faults] == ["bicycle_rental"]


def test_mending_the_file_clears_the_fault(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")
    host = open_host()
    write_plugin("bicycle_rental", more=BROKEN)
    host.reload()

    write_plugin("bicycle_rental", version="1.2.0")
    report = host.reload()

    assert report.faults == ()
    assert report.activated == ("bicycle_rental",)
    assert host.catalog.plugin("bicycle_rental").version == "1.2.0"


def test_what_has_not_changed_is_taken_over_as_it_is(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")
    write_plugin("boat_rental", record="boat")
    host = open_host()
    before = host.catalog

    write_plugin("boat_rental", record="boat", version="1.0.1")
    report = host.reload()

    assert host.catalog.plugins["core"] is before.plugins["core"]
    assert host.catalog.plugins["bicycle_rental"] is before.plugins["bicycle_rental"]
    assert report.activated == ("boat_rental",)
    assert before.plugins["boat_rental"].version == "1.0.0", "a request in flight keeps its catalog"


def test_a_plugin_is_compiled_anew_when_one_it_requires_has_changed(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental")
    write_plugin("tandem", requires="core: ^1, bicycle_rental: ^1", record="tandem")
    host = open_host()

    write_plugin("bicycle_rental", version="1.1.0")

    assert host.reload().activated == ("bicycle_rental", "tandem")


def test_a_required_version_that_is_not_here_is_a_fault_of_the_one_who_asks(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental", version="1.4.0")
    write_plugin("tandem", requires="core: ^1, bicycle_rental: ^2", record="tandem")

    (fault,) = open_host().catalog.faults

    assert fault.plugin == "tandem"
    assert "1.4.0" in fault.problems[0].what.en


def test_a_required_plugin_that_is_not_here_is_named_with_the_nearest_one(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental")
    write_plugin("tandem", requires="core: ^1, bicycle_rentals: ^1", record="tandem")

    (fault,) = open_host().catalog.faults

    assert fault.problems[0].what.zh == "需要插件 `bicycle_rentals`，但未找到"
    assert fault.problems[0].fix is not None
    assert "bicycle_rental" in fault.problems[0].fix.en


def test_what_requires_a_faulty_plugin_waits_and_says_for_whom(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental", more=BROKEN)
    write_plugin("tandem", requires="core: ^1, bicycle_rental: ^1", record="tandem")

    faults = {fault.plugin: fault for fault in open_host().catalog.faults}

    assert "which is faulty" in faults["tandem"].problems[0].what.en


def test_the_environment_loads_only_the_named_plugins(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")
    write_plugin("boat_rental", record="boat")

    host = open_host(environment={"BRANCHLINE_PLUGINS": "boat_rental"})

    assert list(host.catalog.plugins) == ["core", "boat_rental"]


def test_a_subscriber_is_told_what_was_and_what_is(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    host = open_host()
    told: list[tuple[Catalog, Catalog]] = []
    end = host.subscribe(lambda old, new: told.append((old, new)))
    before = host.catalog

    write_plugin("bicycle_rental")
    host.reload()
    host.reload()  # nothing has changed: nobody is told
    end()
    write_plugin("boat_rental", record="boat")
    host.reload()

    assert len(told) == 1
    assert told[0][0] is before
    assert list(told[0][1].plugins) == ["core", "bicycle_rental"]


def test_a_subscriber_that_fails_does_not_keep_the_others_from_hearing(
    write_plugin: WritePlugin, open_host: OpenHost, caplog: pytest.LogCaptureFixture
) -> None:
    host, told = open_host(), []
    host.subscribe(lambda old, new: 1 / 0)
    host.subscribe(lambda old, new: told.append(new.revision))

    write_plugin("bicycle_rental")
    with caplog.at_level(logging.ERROR):
        report = host.reload()

    assert [type(failure) for failure in report.failures] == [ZeroDivisionError]
    assert told == [host.catalog.revision]


def test_two_hosts_in_one_process_share_nothing(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")
    one, two = open_host(), open_host()

    one.register(SimpleNamespace(), "guest")

    assert "guest" in one.plugin_names
    assert "guest" not in two.plugin_names
    assert one.hooks is not two.hooks


def test_every_running_plugin_is_one_pluggy_plugin(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental", hooks="")

    assert set(open_host().plugin_names) == {"core", "bicycle_rental", "bicycle_rental:hooks"}


def test_an_overlay_of_this_store_changes_its_settings(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    more = "settings: {grace: {type: duration, default: 10m, label: {en: Grace, zh: 宽限}}}\n"
    write_plugin("bicycle_rental", more=more)
    write_plugin(
        "lake",
        yaml="plugin: bicycle_rental.store_0755\nversion: 1.0.0\nextends: bicycle_rental@^1\n"
        "settings: {grace: {default: 20m}}\n",
    )

    at_the_lake, in_town = open_host(store="0755"), open_host(store="0756")

    assert str(at_the_lake.catalog.plugin("bicycle_rental").settings["grace"].default) == "20m"
    assert str(in_town.catalog.plugin("bicycle_rental").settings["grace"].default) == "10m"
    assert list(at_the_lake.catalog.plugins) == ["core", "bicycle_rental"]
    assert at_the_lake.catalog.record("bicycle_rental", "bike").plugin == "bicycle_rental"


def test_a_faulty_overlay_leaves_the_last_good_one_in_force(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    more = "settings: {grace: {type: duration, default: 10m, label: {en: Grace, zh: 宽限}}}\n"
    head = "plugin: bicycle_rental.0755\nversion: 1.0.0\nextends: bicycle_rental@^1\n"
    write_plugin("bicycle_rental", more=more)
    write_plugin("lake", yaml=head + "settings: {grace: {default: 20m}}\n")
    host = open_host(store="0755")

    write_plugin("lake", yaml=head + "settings: {grace: {default: soon}}\n")
    report = host.reload()

    assert str(host.catalog.plugin("bicycle_rental").settings["grace"].default) == "20m"
    assert [(fault.plugin, fault.kept_version) for fault in report.faults] == [("bicycle_rental.0755", "1.0.0")]


def test_an_unknown_plugin_is_answered_with_the_nearest_name(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")

    with pytest.raises(NotFound) as caught:
        open_host().catalog.plugin("bicycle_rentel")

    assert caught.value.problems[0].fix is not None
    assert caught.value.problems[0].fix.zh == "是否为 `bicycle_rental`？"


def test_an_unknown_record_type_is_answered_with_the_nearest_name(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental")

    with pytest.raises(NotFound, match="did you mean `bike`"):
        open_host().catalog.record("bicycle_rental", "bikes")


class Distribution:
    """What an installed distribution's entry point gives: a pluggy plugin that brings a folder along."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @hookimpl
    def bundles(self) -> Iterator[Path]:
        yield self.folder


def test_an_installed_distribution_brings_its_businesses_along(
    write_plugin: WritePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = write_plugin("bicycle_rental").rename(tmp_path / "installed")
    point = SimpleNamespace(name="bikes", value="bikes:plugin", load=lambda: Distribution(brought))
    monkeypatch.setattr(host_module, "installed_entry_points", lambda group: [point] if group == "branchline" else [])

    host = Host([], environment={})

    assert "bicycle_rental" in host.catalog.plugins
    assert "bikes" in host.plugin_names


def test_a_broken_distribution_is_a_fault_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("bikes", "no_such_module_anywhere:plugin", "branchline")
    monkeypatch.setattr(host_module, "installed_entry_points", lambda group: [point])

    host = Host([], environment={})

    assert "core" in host.catalog.plugins
    (fault,) = host.catalog.faults
    assert "ModuleNotFoundError" in fault.problems[0].what.en


def test_telling_goes_on_after_a_plugin_that_raises(open_host: OpenHost, caplog: pytest.LogCaptureFixture) -> None:
    host, heard = open_host(), []
    host.register(SimpleNamespace(synced=hookimpl(lambda peer, stats: heard.append(f"{peer}: {stats}"))), "lamp")
    host.register(SimpleNamespace(synced=hookimpl(lambda peer: 1 / 0)), "broken lamp")

    host.tell("synced", peer="hq", stats={})

    assert heard == ["hq: {}"]
    assert "broken lamp" in caplog.text


def test_asking_takes_the_first_answer_and_a_plugin_that_raises_has_none(open_host: OpenHost) -> None:
    host = open_host()
    host.register(SimpleNamespace(is_away=hookimpl(lambda person, store: person == "li")), "roster")
    host.register(SimpleNamespace(is_away=hookimpl(lambda person: None)), "holidays")
    host.register(SimpleNamespace(is_away=hookimpl(lambda person: 1 / 0)), "broken")

    assert host.ask("is_away", person="li", at=None, store="0755") is True


def test_collecting_takes_every_answer_but_those_of_plugins_that_raise(open_host: OpenHost) -> None:
    host = open_host()
    host.register(SimpleNamespace(dispatch_facts=hookimpl(lambda candidates: {"s1": {"letters": 4}})), "letters")
    host.register(SimpleNamespace(dispatch_facts=hookimpl(lambda candidates: 1 / 0)), "broken")

    assert host.collect("dispatch_facts", policy=None, item=None, candidates=[]) == [{"s1": {"letters": 4}}]


def test_what_must_be_ready_first_is_made_ready_before_the_swap(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    host, seen = open_host(), []
    host.before_swap(lambda new: seen.append((list(new.plugins), list(host.catalog.plugins))))

    write_plugin("bicycle_rental")
    host.reload()

    assert seen[0] == (["core", "bicycle_rental"], ["core"])


def test_nothing_is_swapped_when_it_cannot_be_made_ready(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    host = open_host()

    def refuse(new: Catalog) -> None:
        raise DefinitionError((Problem("field-retyped", Text("kept as text", "按文本保存")),))

    host.before_swap(refuse)
    before = host.catalog
    write_plugin("bicycle_rental")
    host.reload()

    assert list(host.catalog.plugins) == list(before.plugins)
    assert [problem.code for fault in host.catalog.faults for problem in fault.problems] == ["field-retyped"]


def test_installed_distributions_are_told_without_a_node(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    good = SimpleNamespace(
        name="good", load=lambda: SimpleNamespace(cli=hookimpl(lambda group: told.append(f"to {group}")))
    )
    broken = SimpleNamespace(name="broken", load=lambda: SimpleNamespace(cli=hookimpl(lambda group: 1 / 0)))
    monkeypatch.setattr(host_module, "installed_entry_points", lambda group: [broken, good])

    tell_installed("cli", group="the command line")

    assert told == ["to the command line"]
    assert "broken" in caplog.text


def test_an_edit_on_disk_reloads_the_host(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")
    host, reloaded, stop = open_host(), Event(), Event()
    host.subscribe(lambda *_: reloaded.set())

    thread = host.watch(stop)
    try:
        for attempt in range(50):  # the first edits may come before the watch has begun
            write_plugin("bicycle_rental", version=f"1.0.{attempt + 1}")
            if reloaded.wait(0.2):
                break
    finally:
        stop.set()
        thread.join(timeout=5)

    assert reloaded.is_set()
    assert not thread.is_alive()


def test_a_changed_plugin_can_be_tried_beside_the_one_that_runs(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")
    host = open_host()
    own = host.catalog.plugin("bicycle_rental")

    other = host.trying(replace(own, version="9.9.9", digest="changed"))

    assert other.catalog.plugin("bicycle_rental").version == "9.9.9"
    assert other.catalog.revision != host.catalog.revision
    assert other.catalog.records.keys() == host.catalog.records.keys()
    assert host.catalog.plugin("bicycle_rental") is own
