from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from tests.app.conftest import Shop
