from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.host.hookspecs import hookimpl
from core.host.host import Host
from core.host.read_filters import NOTHING
from core.language.expressions import Expression

WritePlugin = Callable[..., Path]
OpenHost = Callable[..., Host]


def a_filter(text: str | None) -> SimpleNamespace:
    return SimpleNamespace(read_filter=hookimpl(lambda roles: text if "auditor" in roles else None))


def test_a_filter_is_compiled_against_the_record_type(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")
    host = open_host()
    host.register(a_filter('self.plate != "B-99"'), "audit")
    bike = host.catalog.record("bicycle_rental", "bike")

    (rule,) = host.read_filters("adam", frozenset({"auditor"}), bike)

    assert isinstance(rule, Expression)
    assert rule.own == "self"
    assert host.read_filters("adam", frozenset({"auditor"}), bike)[0] is rule, "compiled once"
    assert host.read_filters("ann", frozenset({"desk"}), bike) == ()


@pytest.mark.parametrize("text", ["self.colour == 1", "self.plate ==", 'size(join([self.plate], "")) > 3'])
def test_a_filter_that_cannot_be_asked_of_the_database_hides_everything(
    write_plugin: WritePlugin, open_host: OpenHost, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_plugin("bicycle_rental")
    host = open_host()
    host.register(a_filter(text), "audit")

    with caplog.at_level(logging.ERROR):
        rules = host.read_filters("adam", frozenset({"auditor"}), host.catalog.record("bicycle_rental", "bike"))

    assert rules == (NOTHING,)
    assert "is hidden" in caplog.text


def test_a_filter_that_raises_hides_everything(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental")
    host = open_host()
    host.register(SimpleNamespace(read_filter=hookimpl(lambda reader: 1 / 0)), "broken")

    assert host.read_filters("adam", frozenset(), host.catalog.record("bicycle_rental", "bike")) == (NOTHING,)
