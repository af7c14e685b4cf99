import pytest

from tests.core.language.bench import Faults

ROOM = """
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields: {night: {type: date, default: =today, label: {en: Night, zh: 营业日}}}
    exclusive:
      one_a_night: {key: [KEY], message: {en: Taken, zh: 已占用}}MARK
    sync: {SYNC}
"""


@pytest.mark.parametrize("sync", ["scope: store, home: store", "scope: all, home: hq", "scope: hq", "home: hq"])
def test_one_home_decides(faults: Faults, sync: str) -> None:
    faults(ROOM.replace("KEY", "night").replace("SYNC", sync).replace("MARK", ""))


@pytest.mark.parametrize("scope", ["all", "region"])
def test_records_of_several_stores_have_several_homes(faults: Faults, scope: str) -> None:
    faults(
        ROOM.replace("KEY", "night").replace("SYNC", f"scope: {scope}").replace("MARK", "  # <- exclusive-without-home")
    )


def test_a_key_with_the_store_in_it_is_decided_by_the_store(faults: Faults) -> None:
    faults(ROOM.replace("KEY", "store, night").replace("SYNC", "scope: all").replace("MARK", ""))
