"""Keeps the OpenAPI documents until the catalog's revision changes."""

from __future__ import annotations

from threading import Lock

from app.web.openapi import Document, document
from core.host.catalog import Catalog
from core.model.errors import Language


class Documents:
    """Keeps the documents of the newest catalog; a reload drops them all."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._revision = ""
        self._kept: dict[tuple[str, Language], Document] = {}

    def get(self, catalog: Catalog, plugin: str, language: Language) -> Document:
        """Return the document of ``plugin``; raises NotFound for an unknown one."""
        with self._lock:
            if self._revision != catalog.revision:
                self._revision, self._kept = catalog.revision, {}
            key = (plugin, language)
            if key not in self._kept:
                self._kept[key] = document(catalog, catalog.plugin(plugin), language)
            return self._kept[key]
