from __future__ import annotations

from pathlib import Path

import pytest

from app.bootstrap import Surroundings
from app.service import open_service
from app.settings import Settings


@pytest.mark.parametrize(("beat", "longest"), [("1s", 4.0), ("15s", 60.0), ("10m", 60.0)])
def test_who_is_to_be_heard_of_often_tries_again_soon(tmp_path: Path, beat: str, longest: float) -> None:
    told = {
        "node": "club-1", "store": "club", "upstream": "http://127.0.0.1:9", "data": tmp_path, "sync": {"beat": beat},
        "plugins": {"folders": [], "installed": False, "watch": False},
    }  # fmt: skip

    service = open_service(Settings.model_validate(told), Surroundings())

    assert service.worker is not None
    assert service.worker._pace.retry_s_max == longest
