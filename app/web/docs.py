"""The API pages: an index of the plugins and one page per plugin, drawn in the browser by our own small script."""

from __future__ import annotations

from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from app.web.language import language_of
from core.host.catalog import Catalog
from core.model.errors import Language

router = APIRouter(include_in_schema=False)
static = StaticFiles(directory=Path(__file__).parent / "static")


@router.get("/docs")
def index(request: Request) -> HTMLResponse:
    """List the running plugins."""
    language = language_of(request)
    catalog: Catalog = request.app.state.service.node.catalog
    items = "".join(
        f'<li><a href="/docs/{escape(plugin.name)}?lang={language}">{escape(plugin.label.say(language))}</a>'
        f" <small>{escape(plugin.name)} {escape(plugin.version)}</small></li>"
        for plugin in catalog.plugins.values()
    )
    title = "接口" if language == "zh" else "API"
    return HTMLResponse(_page(title, language, "", f"<ul>{items}</ul>"))


@router.get("/docs/{plugin}")
def plugin_page(plugin: str, request: Request) -> HTMLResponse:
    """Show one plugin's API with forms to try it."""
    language = language_of(request)
    found = request.app.state.service.node.catalog.plugin(plugin)
    return HTMLResponse(_page(found.label.say(language), language, found.name, ""))


def _page(title: str, language: Language, plugin: str, content: str) -> str:
    html_language = "zh-CN" if language == "zh" else "en"
    return f"""<!doctype html>
<html lang="{html_language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/docs.css">
</head>
<body data-plugin="{escape(plugin)}" data-lang="{language}">
<header><h1 id="title">{escape(title)}</h1><div id="who"></div>
<button id="language" class="plain">中文 / EN</button></header>
<main><nav></nav><div id="content">{content}</div></main>
<script src="/static/docs.js"></script>
</body>
</html>
"""
