"""One event stream per browser: which kinds of records have changed, and whether the line has.

No data goes out here, only names of record types: a page that shows some of them fetches itself again, under the same
filters and masks as before. A commit is told within a tenth of a second; a burst of commits is told once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from app.pages.frame.desk import CurrentDesk
from app.service import Service

router = APIRouter(include_in_schema=False)
GATHER_S = 0.1  # what changes together is told together
BEAT_S = 5.0  # how often the line is looked at; also keeps the connection from being thought dead
LASTS_S = 600.0  # then the browser connects anew, and who has been signed out meanwhile is not let in


@dataclass(eq=False)
class Ear:
    """One listening browser: the record types that have changed since it was told."""

    loop: asyncio.AbstractEventLoop
    heard: asyncio.Event
    types: set[str] = field(default_factory=set)

    def hear(self, types: frozenset[str]) -> None:
        """Take note, from whatever thread the commit was made in."""
        with suppress(RuntimeError):  # the loop has ended: the node is shutting down
            self.loop.call_soon_threadsafe(self._note, types or frozenset({"*"}))

    def _note(self, types: frozenset[str]) -> None:
        self.types |= types
        self.heard.set()


class Live:
    """All browsers that listen at one node."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ears: set[Ear] = set()
        self._closed = False
        service.node.on_change(self._tell)
        service.node.host.subscribe(lambda _old, _new: self._tell(frozenset({"*"})))

    def line(self) -> tuple[object, ...]:
        """Return what the line looks like now, cheaply: whether it is up, and what is wrong with it."""
        worker = self._service.worker
        if worker is None:
            return ()
        seen = worker.status()
        return (seen.online, seen.error is not None, seen.pushed)

    async def listen(self) -> AsyncIterator[str]:
        """Yield messages for one browser until its time is up."""
        ear = Ear(asyncio.get_running_loop(), asyncio.Event())
        self._ears.add(ear)
        line, until = self.line(), ear.loop.time() + LASTS_S
        try:
            yield "retry: 2000\n\n"
            while ear.loop.time() < until and not self._closed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(ear.heard.wait(), BEAT_S)
                    await asyncio.sleep(GATHER_S)
                ear.heard.clear()
                types, ear.types = ear.types, set()
                now = self.line()
                if now != line:
                    line = now
                    types.add("line")
                yield f"data: {json.dumps({'types': sorted(types)})}\n\n" if types else ": still here\n\n"
        finally:
            self._ears.discard(ear)

    def close(self) -> None:
        """End every stream: the server is ending, and a browser that listens would keep it from it."""
        self._closed = True
        self._tell(frozenset({"line"}))

    def _tell(self, types: frozenset[str]) -> None:
        for ear in list(self._ears):
            ear.hear(types)


def live_of(request: Request) -> Live:
    """Return the node's listeners."""
    found: Live = request.app.state.live
    return found


@router.get("/live")
def live(_desk: CurrentDesk, listeners: Annotated[Live, Depends(live_of)]) -> StreamingResponse:
    """Open the stream for a signed-in person's browser."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(listeners.listen(), media_type="text/event-stream", headers=headers)
