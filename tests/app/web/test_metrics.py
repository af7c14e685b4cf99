"""Who may read the figures: the monitoring system by its own token, and who looks after the node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.service import open_service
from app.settings import Settings, SettingsError
from app.web.server import create_app

SECRET = "a token that nobody guesses"


def test_people_without_a_post_of_keepers_and_strangers_see_nothing(shop: Any) -> None:
    assert shop.client().get("/metrics").status_code == 401
    assert shop.as_("li").get("/metrics").status_code == 403


def test_the_monitoring_system_shows_its_token(shop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    client = shop.client()
    monkeypatch.setattr(client.app.state, "metrics_secret", SECRET, raising=False)

    answer = client.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "branchline_conflicts_open 0.0" in answer.text
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 401


def test_a_branch_has_figures_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lets in no branches of its own, so it refuses none."""
    monkeypatch.setenv("FIGURES", SECRET)
    told = {"node": "bund", "data": tmp_path, "upstream": "https://hq.example.com", "metrics": "env:FIGURES"}
    service = open_service(Settings.model_validate({**told, "plugins": {"folders": [], "installed": False}}))
    try:
        answer = TestClient(create_app(service)).get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})
    finally:
        service.node.database.close()

    assert not service.node.is_hub
    assert (answer.status_code, "branchline_conflicts_open 0.0" in answer.text) == (200, True)


def test_a_token_that_is_not_there_is_told_when_the_node_starts(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    settings = Settings.model_validate(
        {"node": "hq", "data": tmp_path, "metrics": "env:NO_SUCH_TOKEN", "plugins": {"folders": [], "installed": False}}
    )
    service = open_service(settings)

    with pytest.raises(SettingsError) as refused:
        create_app(service)
    assert refused.value.problems[0].field == "metrics"
    service.node.database.close()
