"""The branch's way to headquarters: a worker that reads the enrolment anew for each connection."""

from __future__ import annotations

from collections.abc import Callable

from app.bootstrap import Surroundings
from app.settings import Settings
from core.model.errors import NodeError, Text
from stores.node import Node
from sync import keys
from sync.branch.worker import RETRY_S_MAX, Pace, Worker
from sync.enrolment import check_url
from sync.wire.link import HttpLink, Link

BEATS_MAX = 4  # a branch that cannot reach headquarters tries again after so many beats at the latest, or a minute


class NotJoined(NodeError):
    """The branch has not been enrolled yet; it works on its own until then."""

    status = 503


def worker_for(
    node: Node, settings: Settings, world: Surroundings, connect: Callable[[], Link] | None = None
) -> Worker | None:
    """Return the sync worker of a branch, None at the hub. ``connect`` replaces the real network (the demo's cable)."""
    if node.is_hub:
        return None
    beat = settings.sync.beat
    pace = Pace(
        beat_s=beat,
        compare_s=settings.sync.compare,
        day_ends_s=settings.sync.day_ends,
        retry_s_max=min(BEATS_MAX * beat, RETRY_S_MAX),
    )
    return Worker(node, connect or (lambda: open_link(node, settings)), dice=world.dice, pace=pace)


def open_link(node: Node, settings: Settings) -> Link:
    """Open a link with the credential that enrolment left, or raise NotJoined; one may enrol while the node is up.

    The address is the one in the settings: headquarters may move, and a shop needs no new code for it. Whoever answers
    there must still sign with the key that was pinned when the node enrolled.
    """
    with node.database.read() as connection:
        upstream = keys.upstream(connection)
    if upstream is None:
        raise NotJoined.of(
            "not-joined",
            "this branch has not joined a chain yet",
            "本门店尚未加入总部",
            fix=Text(
                "branchline enrol URL CODE, with a code from headquarters",
                "请用总部给出的注册码运行 branchline enrol URL CODE",
            ),
        )
    address = settings.upstream or upstream.url
    return HttpLink(check_url(address, plain_http=settings.sync.plain_http), upstream.token)
