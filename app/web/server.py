"""Puts the routes together into one application, and serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket

import uvicorn
from fastapi import FastAPI
from starlette.types import Lifespan

from app.background.rehearsals import Rehearsals
from app.excel import api as excel
from app.pages import site
from app.pages.frame.live import Live
from app.service import Service
from app.web import (
    actions,
    chain,
    docs,
    figures,
    files,
    guidance,
    metrics,
    plugins,
    reading,
    reports,
    session,
    settings,
    status,
)
from app.web.documents import Documents
from app.web.errors import add_error_handlers
from app.web.guard import Guard
from app.web.sync import add_sync

STREAMS_END_S = 5  # whatever is still open then is cut off


def create_app(service: Service, *, run_service: bool = True) -> FastAPI:
    """Return the application of one node. ``run_service`` starts and stops the node's threads with it.

    The order of the routers matters: fixed words (`plugins`, `session`, `scorecards`) come before names of records, and
    what a branch and a desk ask all day comes first: each route that a request is not for costs it a little.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if run_service:
            service.start()
        yield
        if run_service:
            service.stop()

    app = _application(service, lifespan)
    app.state.metrics_secret = service.settings.metrics_secret  # a variable that is missing is told at the start
    app.state.documents = Documents()
    app.state.rehearsals = Rehearsals(service.node.host)
    app.include_router(excel.router)
    actions.add_actions(app)
    described = (session, status, chain, settings, plugins, docs, guidance, figures, reports)
    for part in (*described, metrics, files, actions, reading):
        app.include_router(part.router)
    for router in site.ROUTERS:
        app.include_router(router)
    app.mount("/static", docs.static)
    return app


def create_sync_app(service: Service) -> FastAPI:
    """Return the application of a process that only answers branches, beside the one that does all the rest."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.start_beside()
        yield
        service.stop()

    return _application(service, lifespan)


def _application(service: Service, lifespan: Lifespan[FastAPI]) -> FastAPI:
    """Return what both have: the sync calls, errors told in words, the guard, listeners that end with the server."""
    app = FastAPI(title="Branchline", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.service = service
    app.state.live = Live(service)
    add_error_handlers(app, site.error_page)
    mount_sync(app, service)
    app.add_middleware(Guard)
    return app


def mount_sync(app: FastAPI, service: Service) -> None:
    """Offer the sync calls on a node that others may join."""
    if service.node.is_hub:
        add_sync(app, service.node, service.refusals)


class NodeServer(uvicorn.Server):
    """A server that ends its event streams when it ends: a browser that listens would keep it waiting."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Close the streams, then do what every server does."""
        self._live.close()
        await super().shutdown(sockets)


def server_for(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """Return a server for the application, without the framework's own log of addresses."""
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, server_header=False)
    config.timeout_graceful_shutdown = STREAMS_END_S
    return NodeServer(config, app.state.live)
