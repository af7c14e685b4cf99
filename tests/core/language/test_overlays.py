"""What a store may change, and how its changes are merged in."""

from __future__ import annotations

import pytest

from core.language.overlays import overlay, overlay_problems
from core.language.yaml_tree import parse_yaml

BASE = parse_yaml(
    """
plugin: club
settings:
  hold: {type: duration, default: 20m, max: 45m, label: {en: Hold, zh: 保留}}
  fine: {type: money, default: 500, lock: hq, label: {en: Fine, zh: 罚款}}
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields: {tier: {type: enum, of: {gold: {en: Gold, zh: 金}}}, name: {type: text}}
    states: {held: {en: Held, zh: 保留}}
    actions: {book: {from: new, to: held}}
views: {tonight: {kind: board}, rooms: {kind: timeline}}
scenarios: {a: {when: [1, 2], then: [x]}}
""",
    "base.yaml",
)


def merged(text: str) -> object:
    return overlay(BASE, parse_yaml(text, "store.yaml")).plain()


def problems(text: str) -> list[tuple[str, str]]:
    return [(p.code, p.place.path) for p in overlay_problems(BASE, parse_yaml(text, "store.yaml")) if p.place]


def test_maps_are_merged_by_name_and_lists_replaced_whole() -> None:
    plain = merged("settings: {hold: {default: 30m}}\nscenarios: {a: {when: [3]}}")
    assert isinstance(plain, dict)
    assert plain["settings"]["hold"] == {
        "type": "duration",
        "default": "30m",
        "max": "45m",
        "label": {"en": "Hold", "zh": "保留"},
    }
    assert plain["scenarios"]["a"] == {"when": [3], "then": ["x"]}


def test_null_removes() -> None:
    plain = merged("views: {rooms: null}")
    assert isinstance(plain, dict)
    assert list(plain["views"]) == ["tonight"]


def test_a_default_of_null_is_a_value_not_a_removal() -> None:
    plain = merged("settings: {hold: {default: null}}")
    assert isinstance(plain, dict)
    assert plain["settings"]["hold"]["default"] is None


def test_what_is_merged_in_keeps_its_own_place() -> None:
    tree = overlay(BASE, parse_yaml("settings: {hold: {default: 30m}}", "store.yaml"))
    assert tree.place(("settings", "hold", "default")).file == "store.yaml"
    assert tree.place(("settings", "hold", "max")).file == "base.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "plugin: club.store_1\nextends: club@^1\nversion: 1.0.0\nlabel: {en: Club 1, zh: 一店}",
        "settings: {hold: {default: 30m, label: {en: Wait, zh: 等}}}",
        "records: {booking: {label: {en: Party, zh: 局}, fields: {name: {label: {en: VIP, zh: 贵宾}}}}}",
        "records: {booking: {states: {held: {en: Kept}}, fields: {tier: {of: {gold: {zh: 黄金}}}}}}",
        "records: {booking: {actions: {book: {label: {en: Reserve, zh: 预订}}}}}",
        "views: {rooms: null, mine: {kind: list}}\nscenarios: {b: {}}\nsamples: {staff: {}}",
    ],
)
def test_what_a_store_may_change(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("settings: {fine: {default: 1}}", "setting-locked", "settings.fine.default"),
        ("settings: {hold: {max: 9h}}", "overlay-forbidden", "settings.hold.max"),
        ("settings: {hold: null}", "overlay-forbidden", "settings.hold"),
        ("settings: {wait: {type: int}}", "overlay-forbidden", "settings.wait"),
        ("roles: {boss: {}}", "overlay-forbidden", "roles"),
        ("records: {room: {}}", "overlay-forbidden", "records.room"),
        ("records: {booking: null}", "overlay-forbidden", "records.booking"),
        (
            "records: {booking: {states: {lost: {en: Lost, zh: 丢}}}}",
            "overlay-forbidden",
            "records.booking.states.lost",
        ),
        ("records: {booking: {fields: {name: {type: int}}}}", "overlay-forbidden", "records.booking.fields.name.type"),
        ("records: {booking: {actions: {book: {by: boss}}}}", "overlay-forbidden", "records.booking.actions.book.by"),
        ("calendar: {day_starts: '08:00'}", "overlay-forbidden", "calendar"),
    ],
)
def test_what_a_store_may_not_change(text: str, code: str, path: str) -> None:
    assert problems(text) == [(code, path)]
