"""Every hook: its manual page has an example, the example works when pasted, and the answer is used as it says."""

from __future__ import annotations

import hmac
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pluggy
import pytest

from core.host import hookspecs
from core.host.contexts import AccessEntry, ActionEvent, NoticeToSend
from core.host.hook_module import import_hooks
from core.host.hookspecs import HOOKS
from core.host.host import Host
from core.host.loading import new_manager
from core.host.manual import manual_of
from core.language.definition import Plugin
from core.language.expressions import Row
from core.model.fields import FieldSpec

NOON = datetime(2026, 5, 2, 4, tzinfo=UTC)
LI = "0198c0de-0000-7000-8000-000000000017"


@dataclass
class Pasted:
    """An example as a plugin author would use it: pasted into hooks.py, imported, registered."""

    module: object
    manager: pluggy.PluginManager = field(default_factory=new_manager)

    def __post_init__(self) -> None:
        self.manager.register(self.module)
        self.manager.check_pending()

    def ask(self, hook: str, **arguments: object) -> object:
        return getattr(self.manager.hook, hook)(**arguments)


@pytest.fixture
def pasted(tmp_path: Path) -> Callable[[str], Pasted]:
    """Paste the example of a hook's manual page into a hooks.py."""

    def paste(hook: str) -> Pasted:
        (tmp_path / "hooks.py").write_text(manual_of(hook).example, encoding="utf-8")
        return Pasted(import_hooks(hook, tmp_path, "0" * 32))

    return paste


Paste = Callable[[str], Pasted]


def test_every_hook_has_a_test_here() -> None:
    tested = {name for name in dir(sys.modules[__name__]) if name.startswith("test_hook_")}

    assert {name.removeprefix("test_hook_") for name in tested} == set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_manual_page_says_when_and_where_and_shows_an_example(hook: str) -> None:
    page = manual_of(hook)

    assert page.summary.endswith(".")
    assert len(page.text.split("\n\n")) >= 2, "one line that stands alone, then when and where it runs"
    assert f"def {hook}(" in page.example
    assert "@hookimpl" in page.example
    assert page.lead


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_that_end_at_the_first_answer_may_also_say_nothing(hook: str) -> None:
    answer = inspect.signature(getattr(hookspecs, hook)).return_annotation

    may_say_nothing = answer == "Cell" or answer.endswith(" | None")

    assert manual_of(hook).first_answer is (may_say_nothing and hook != "read_filter")


def test_hook_bundles(pasted: Paste, tmp_path: Path) -> None:
    assert pasted("bundles").ask("bundles") == [[tmp_path / "bicycle_rental"]]


def test_hook_functions(pasted: Paste) -> None:
    ((luhn,),) = pasted("functions").ask("functions")  # type: ignore[misc]

    assert luhn.run("79927398713") is True
    assert luhn.run("79927398710") is False


def test_hook_field_types(pasted: Paste) -> None:
    ((plate,),) = pasted("field_types").ask("field_types")  # type: ignore[misc]
    spec = FieldSpec("plate", handler=plate)

    assert spec.parse("沪a12345", ZoneInfo("Asia/Shanghai")) == "沪A12345"


def test_hook_holiday_sources(pasted: Paste) -> None:
    (sources,) = pasted("holiday_sources").ask("holiday_sources")  # type: ignore[misc]

    assert sources["mall"](2026) == {date(2026, 12, 24): "Mall closed"}


def test_hook_lint(pasted: Paste, write_plugin: Callable[..., Path], open_host: Callable[..., Host]) -> None:
    write_plugin("bicycle_rental", hooks=manual_of("lint").example)

    (warning,) = [
        each for each in open_host().catalog.plugin("bicycle_rental").warnings if each.code == "record-without-scenario"
    ]

    assert warning.what.en == "no scenario uses `bike`"
    assert warning.place is not None


def test_hook_activated(
    pasted: Paste, write_plugin: Callable[..., Path], open_host: Callable[..., Host], caplog: pytest.LogCaptureFixture
) -> None:
    write_plugin("bicycle_rental", hooks=manual_of("activated").example)

    with caplog.at_level("INFO"):
        open_host()

    assert "bicycle_rental 1.0.0 is running" in caplog.text


def test_hook_deactivated(pasted: Paste) -> None:
    example = pasted("deactivated")
    example.module.printers["bicycle_rental"] = object()  # type: ignore[attr-defined]

    example.ask("deactivated", plugin=SimpleNamespace(name="bicycle_rental"))

    assert example.module.printers == {}  # type: ignore[attr-defined]


def test_only_a_plugin_that_is_gone_is_told_of_as_deactivated(
    write_plugin: Callable[..., Path], open_host: Callable[..., Host]
) -> None:
    write_plugin("bicycle_rental")
    folder = write_plugin("boat_rental", record="boat")
    host, gone = open_host(), []
    host.register(SimpleNamespace(deactivated=hookspecs.hookimpl(lambda plugin: gone.append(plugin.name))), "listener")

    write_plugin("bicycle_rental", version="1.1.0")
    (folder / "plugin.yaml").unlink()
    host.reload()

    assert gone == ["boat_rental"]


def test_hook_clock(pasted: Paste, tmp_path: Path) -> None:
    example = pasted("clock")
    example.module.RADIO = tmp_path / "radio-clock"  # type: ignore[attr-defined]

    assert example.ask("clock") is None
    (tmp_path / "radio-clock").write_text(f"{int(NOON.timestamp())}\n")
    assert example.ask("clock") == NOON


def an_action(name: str, *, new: bool = False, **values: object) -> SimpleNamespace:
    posted: list[tuple[str, str, int]] = []
    return SimpleNamespace(
        record_type=SimpleNamespace(name="rental"),
        action=SimpleNamespace(name=name, new=new),
        record=Row("bicycle_rental.rental", "r1", dict(values)),
        post=lambda ledger, account, amount: posted.append((ledger, account, amount)),
        posted=posted,
    )


def test_hook_check_action(pasted: Paste) -> None:
    example = pasted("check_action")

    (refused,) = example.ask("check_action", ctx=an_action("hand_out", new=True, bikes=3))  # type: ignore[misc]
    (fine,) = example.ask("check_action", ctx=an_action("hand_out", new=True, bikes=2))  # type: ignore[misc]

    assert [problem.code for problem in refused] == ["too-many-bikes"]
    assert list(fine) == []


def test_hook_apply_action(pasted: Paste) -> None:
    example, tenth, ninth = pasted("apply_action"), an_action("visit", visits=10), an_action("visit", visits=9)

    example.ask("apply_action", ctx=tenth)
    example.ask("apply_action", ctx=ninth)

    assert tenth.posted == [("points", "r1", 1)]
    assert ninth.posted == []


def test_hook_action_committed(pasted: Paste) -> None:
    example = pasted("action_committed")
    event = ActionEvent("e1", "t1", "0755", "bicycle_rental.rental", "r1", "hand_out", LI, NOON, "out", {})

    example.ask("action_committed", event=event)
    example.ask("action_committed", event=event)  # told twice

    assert example.module.rentals == {NOON.date(): 1}  # type: ignore[attr-defined]


def test_hook_channels(pasted: Paste) -> None:
    assert pasted("channels").ask("channels") == [["desk_printer"]]


def test_hook_deliver(pasted: Paste) -> None:
    example = pasted("deliver")
    for_desk = NoticeToSend("n1", "club.arrived", "0755", (), ("desk",), "Arrived", "已到", "club.booking", "b1", NOON)
    for_boss = replace(for_desk, id="n2", roles=("boss",))

    told = [example.ask("deliver", notice=notice, channel="desk_printer") for notice in (for_desk, for_desk, for_boss)]

    assert told == ["line 1", "line 1", None]
    assert example.ask("deliver", notice=for_desk, channel="mail") is None


def test_hook_read_filter(pasted: Paste) -> None:
    contract = SimpleNamespace(states={"draft": None, "signed": None})
    example = pasted("read_filter")

    assert example.ask("read_filter", reader="adam", roles=frozenset({"auditor"}), record=contract) == [
        'self.state != "draft"'
    ]
    assert example.ask("read_filter", reader="ann", roles=frozenset({"desk"}), record=contract) == []


def test_hook_read_logged(pasted: Paste, caplog: pytest.LogCaptureFixture) -> None:
    example = pasted("read_logged")

    example.ask("read_logged", entry=AccessEntry("Adam", "bicycle_rental.rental", "r1", "phone", "", NOON))
    example.ask(
        "read_logged", entry=AccessEntry("Olga", "bicycle_rental.rental", "r2", "phone", "lost and found", NOON)
    )

    assert "Adam opened r1 without a reason" in caplog.text
    assert "Olga" not in caplog.text


def test_hook_authenticate(pasted: Paste) -> None:
    example = pasted("authenticate")
    proof = hmac.new(b"from the settings file", b"S17", "sha256").hexdigest()

    assert example.ask("authenticate", credentials={"login": "S17", "password": proof}, store="0755") == LI
    assert example.ask("authenticate", credentials={"login": "S17", "password": "guessed"}, store="0755") is None
    assert example.ask("authenticate", credentials={"login": "li", "password": "secret"}, store="0755") is None


def test_hook_is_away(pasted: Paste) -> None:
    example = pasted("is_away")

    assert example.ask("is_away", person=LI, at=datetime(2026, 12, 31, 9, tzinfo=UTC), store="0755") is False
    assert example.ask("is_away", person=LI, at=NOON, store="0755") is None


def test_hook_on_duty(pasted: Paste) -> None:
    example = pasted("on_duty")

    assert example.ask("on_duty", person=LI, day=date(2026, 5, 2), store="0755") is True  # a Saturday
    assert example.ask("on_duty", person=LI, day=date(2026, 5, 3), store="0755") is None


def test_hook_dispatch_facts(pasted: Paste) -> None:
    lena = Row("core.staff", "s1", {"name": "Lena"})

    (facts,) = pasted("dispatch_facts").ask("dispatch_facts", policy=None, item=lena, candidates=[lena])  # type: ignore[misc]

    assert facts == {"s1": {"letters in name": 4}}


@pytest.mark.parametrize(
    ("ours", "theirs", "kept"), [("late", "very late", "very late"), ("b", "a", "b"), (None, "x", "x")]
)
def test_hook_merge_field(pasted: Paste, ours: str | None, theirs: str | None, kept: str) -> None:
    example = pasted("merge_field")

    assert example.ask("merge_field", record=None, field=None, base=None, ours=ours, theirs=theirs) == kept
    assert example.ask("merge_field", record=None, field=None, base=None, ours=theirs, theirs=ours) == kept


def test_hook_entry_outgoing(pasted: Paste) -> None:
    example = pasted("entry_outgoing")

    assert example.ask("entry_outgoing", entry=SimpleNamespace(type="nightclub_booking.booking"), peer="hq") == [
        ["guest_phone"]
    ]
    assert example.ask("entry_outgoing", entry=SimpleNamespace(type="core.staff"), peer="hq") == [[]]


def test_hook_conflict_found(pasted: Paste) -> None:
    example = pasted("conflict_found")

    example.ask("conflict_found", conflict={"id": "c1", "kind": "exclusive", "record_id": "r1"})
    example.ask("conflict_found", conflict={"id": "c2", "kind": "field", "record_id": "r2"})

    assert example.module.double_bookings == ["r1"]  # type: ignore[attr-defined]


def test_hook_synced(pasted: Paste) -> None:
    example = pasted("synced")

    for peer, conflicts in (("https://hq", 0), ("https://region", 2)):
        example.ask("synced", peer=peer, stats={"pushed": 12, "pulled": 3, "conflicts": conflicts, "quarantined": 0})

    assert example.module.lamp == {"https://hq": "green", "https://region": "yellow"}  # type: ignore[attr-defined]


def test_hook_cli(pasted: Paste, capsys: pytest.CaptureFixture[str]) -> None:
    commands: dict[str, Callable[[], None]] = {}
    group = SimpleNamespace(command=lambda: lambda function: commands.setdefault(function.__name__, function))

    pasted("cli").ask("cli", group=group)
    commands["greet"]()

    assert capsys.readouterr().out == "hello\n"


def test_a_hook_may_take_fewer_arguments_than_it_is_offered() -> None:
    manager = new_manager()
    manager.register(SimpleNamespace(is_away=hookspecs.hookimpl(lambda person: person == "li")))

    assert manager.hook.is_away(person="li", at=NOON, store="0755") is True


def test_the_last_one_registered_is_asked_first() -> None:
    manager, asked = new_manager(), []
    for name in ("first", "second"):
        manager.register(SimpleNamespace(synced=hookspecs.hookimpl(lambda peer, name=name: asked.append(name))))

    manager.hook.synced(peer="hq", stats={})

    assert asked == ["second", "first"]


def test_a_lint_that_fails_keeps_the_plugin_out(
    write_plugin: Callable[..., Path], open_host: Callable[..., Host]
) -> None:
    write_plugin("bicycle_rental")
    host = open_host()
    seen: list[Plugin] = []
    host.register(SimpleNamespace(lint=hookspecs.hookimpl(lambda plugin: seen.append(plugin) or 1 / 0)), "strict")

    assert {"core", "bicycle_rental"} <= {plugin.name for plugin in seen}
    assert {fault.problems[0].code for fault in host.catalog.faults} == {"lint-failed"}
    assert "bicycle_rental" in host.catalog.plugins, "the last good version runs on"
