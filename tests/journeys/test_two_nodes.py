"""Two real processes that talk over real HTTP, and power cuts."""

from __future__ import annotations

from http.client import HTTPException
from threading import Thread
from typing import Any

import pytest

from app.demo.client import Answered, Person

pytestmark = pytest.mark.journey


def frames(person: Person) -> list[str]:
    """Return the frame numbers of all bicycles a person sees, one per record."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = person.read("bicycle_rental/bicycle", limit="200", **({"cursor": cursor} if cursor else {}))
        found += [each["frame"] for each in page["rows"]]
        cursor = page["next"]
        if cursor is None:
            return sorted(found)


def add(person: Person, frame: str) -> Any:
    return person.act("bicycle_rental.bicycle", "add", {"frame": frame})


def busy_counter(person: Person, acknowledged: list[str], prefix: str) -> Thread:
    """Add bicycles until the node is gone; what was acknowledged is written down."""

    def work() -> None:
        try:
            for number in range(10_000):
                add(person, f"{prefix}-{number:04}")
                acknowledged.append(f"{prefix}-{number:04}")
        except (OSError, HTTPException, Answered, ValueError):
            return

    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_what_a_branch_does_is_at_headquarters_and_the_other_way_round(chain: Any, eventually: Any) -> None:
    bicycle = add(chain.counter, "F-1")["id"]
    rental = chain.counter.act(
        "bicycle_rental.rental", "hand_out", {"bicycle": bicycle, "guest": "陈先生", "phone": "13800001111"}
    )
    eventually(lambda: chain.boss.read("bicycle_rental/rental")["rows"], "the rental at headquarters")
    (seen,) = chain.boss.read("bicycle_rental/rental")["rows"]
    assert (seen["number"], seen["store"], seen["guest"]) == ("lakeside-R0001", "lakeside", "陈先生")

    chain.boss.act("core.setting", "set", {"plugin": "bicycle_rental", "name": "deposit", "value": '"500"'})

    def new_deposit() -> bool:
        plugins = chain.counter.read("plugins")["plugins"]
        return any(p["name"] == "bicycle_rental" and p["settings"]["deposit"]["value"] == "500.00" for p in plugins)

    eventually(new_deposit, "the deposit set by headquarters at the branch")
    assert chain.counter.act("bicycle_rental.rental", "take_back", {}, rental["id"])["state"] == "back"


def test_headquarters_acts_on_a_branchs_record_and_the_branch_decides(chain: Any, eventually: Any) -> None:
    bicycle = add(chain.counter, "F-1")["id"]
    eventually(lambda: frames(chain.boss) == ["F-1"], "the bicycle at headquarters")
    head = chain.head
    asked = head.act(
        "bicycle_rental.rental",
        "hand_out",
        {"bicycle": bicycle, "guest": "Hao", "phone": "13800002222"},
        store="lakeside",
    )

    assert asked["provisional"] is True
    eventually(lambda: chain.counter.read("bicycle_rental/rental")["rows"], "the branch to carry it out")
    (made,) = chain.counter.read("bicycle_rental/rental")["rows"]
    assert (made["guest"], made["state"], made["number"]) == ("Hao", "out", "lakeside-R0001")
    eventually(lambda: head.read("core/request", state="confirmed")["rows"], "the confirmation at headquarters")


def test_a_power_cut_at_the_branch_loses_nothing_and_doubles_nothing(chain: Any, eventually: Any) -> None:
    acknowledged: list[str] = []
    for cut in range(2):
        worker = busy_counter(chain.counter, acknowledged, f"cut{cut}")
        goal = len(acknowledged) + 12
        eventually(lambda goal=goal: len(acknowledged) >= goal, "some work")
        chain.branch.kill()
        worker.join(10)
        chain.branch.switch_on()

    here = frames(chain.counter)
    assert set(acknowledged) <= set(here)
    assert len(here) == len(set(here)) <= len(acknowledged) + 2  # at most the one under way at each cut
    eventually(lambda: frames(chain.boss) == here, "headquarters to hold the same")
    assert chain.branch.run("verify").returncode == 0
    assert chain.hq.run("verify").returncode == 0


def test_a_power_cut_at_headquarters_stops_no_branch(chain: Any, eventually: Any) -> None:
    acknowledged: list[str] = []
    worker = busy_counter(chain.counter, acknowledged, "hub")
    eventually(lambda: len(acknowledged) >= 8, "some work")
    chain.hq.kill()
    goal = len(acknowledged) + 8
    eventually(lambda: len(acknowledged) >= goal, "work without headquarters")
    assert chain.counter.read("status")["sync"]["safe_to_switch_off"] is False

    chain.hq.switch_on()
    eventually(lambda: len(acknowledged) >= goal + 8, "work while it comes back")
    assert chain.branch.switch_off() == 0
    worker.join(10)
    chain.branch.switch_on()

    eventually(lambda: frames(chain.boss) == frames(chain.counter), "both to hold the same")
    assert set(acknowledged) <= set(frames(chain.boss))
    assert len(frames(chain.boss)) == len(set(frames(chain.boss)))
    eventually(lambda: chain.counter.read("status")["sync"]["safe_to_switch_off"], "everything to be sent")


def test_two_places_edit_one_record_apart_and_both_edits_are_kept(chain: Any, eventually: Any) -> None:
    bicycle = add(chain.counter, "F-1")["id"]
    ask = {"bicycle": bicycle, "guest": "Chen", "phone": "13800001111", "note": "none"}
    rental = chain.counter.act("bicycle_rental.rental", "hand_out", ask)["id"]
    eventually(lambda: chain.boss.read("bicycle_rental/rental")["rows"], "the rental at headquarters")
    head = chain.head
    chain.branch.switch_off()
    head.act("bicycle_rental.rental", "remark", {"note": "VIP"}, rental)
    chain.hq.kill()
    chain.branch.switch_on()
    chain.counter.act("bicycle_rental.rental", "remark", {"note": "brings a dog", "phone": "13899998888"}, rental)
    chain.hq.switch_on()

    eventually(lambda: chain.boss.read("core/conflict", state="open")["rows"], "the conflict")
    (conflict,) = chain.boss.read("core/conflict", state="open")["rows"]
    assert {conflict["mine"], conflict["theirs"]} == {"VIP", "brings a dog"}
    assert conflict["base"] == "none"
    chain.boss.act("core.conflict", "resolve", {"keep": "other"}, conflict["id"])
    for person in (head, chain.counter):
        eventually(
            lambda p=person: p.read(f"bicycle_rental/rental/{rental}")["note"] == "VIP", "the other value everywhere"
        )
        assert person.read(f"bicycle_rental/rental/{rental}")["phone"] == "13899998888"


def test_a_timer_that_fell_due_while_the_pc_was_off_fires_when_it_is_on(chain: Any, eventually: Any) -> None:
    short = {"plugin": "bicycle_rental", "name": "loan", "value": '"1h"'}
    chain.counter.act("core.setting", "set", short)
    bicycle = add(chain.counter, "F-1")["id"]
    rental = chain.counter.act(
        "bicycle_rental.rental", "hand_out", {"bicycle": bicycle, "guest": "C", "phone": "13800001111"}
    )
    told = chain.counter.read(f"bicycle_rental/rental/{rental['id']}/explain")["timers"]
    assert [each["name"] for each in told] == ["loan"]
    chain.branch.kill()
    chain.branch.switch_on()

    again = chain.counter.read(f"bicycle_rental/rental/{rental['id']}/explain")["timers"]
    assert [(each["name"], each["due"]) for each in again] == [(each["name"], each["due"]) for each in told]
