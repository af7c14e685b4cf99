"""Files: what is uploaded before a record names it, and what a record names, for whoever may see that field."""

from __future__ import annotations

from urllib.parse import quote, unquote

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from app.web.body import JsonMap
from app.web.caller import CurrentCaller
from app.web.errors import TooLarge
from core.model.contents import CONTENT_BYTES_MAX, OTHER, hashes_in, name_in, reference
from core.model.errors import Forbidden, NodeError, NotFound, Problem, Text
from core.model.fields import BadValue
from core.model.fields.files import file_name
from stores import contents
from stores.reads import records

router = APIRouter(prefix="/api")
NAME_HEADER = "x-file-name"  # percent-encoded; in the address it would stand in logs
SANDBOX = "default-src 'none'; sandbox"


@router.post("/files")
async def upload(request: Request, caller: CurrentCaller) -> JsonMap:
    """Keep the body as a file, up to 32 MB, and return its ``value``: what an action is given for a file or an image.

    The header ``X-File-Name`` says, percent-encoded, what people call it. What no record has come to name within a
    week is cleared away.
    """
    if not caller.actor.roles:
        raise Forbidden.of(
            "role", "without a post here you have nothing to attach a file to", "您在此没有岗位，无法上传"
        )
    name = _name(request)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > CONTENT_BYTES_MAX:
            raise TooLarge(contents.too_large().problems)
    if not body:
        raise NodeError.of("content-empty", "the file is empty", "文件为空")
    node = caller.node
    kept = await run_in_threadpool(contents.keep, node.database, bytes(body), node.now())
    return {"value": reference(kept.hash, name), "name": name, "size": kept.size, "picture": kept.media != OTHER}


@router.get("/{plugin}/{record}/{record_id}/files/{field}/{digest}")
def download(plugin: str, record: str, record_id: str, field: str, digest: str, caller: CurrentCaller) -> Response:
    """Return a file that a field of a record names; pictures open in the browser, all else is a download.

    Whoever may not see the field, or sees it masked, is told that there is none.
    """
    kind = caller.record(plugin, record)
    row = records.fetch(caller.node, caller.actor, kind, record_id, fields=[field] if field in kind.fields else ["id"])
    shown = None if field in row.get("_masked", ()) else row.get(field)
    named = next((text for text in _texts(shown) if digest in hashes_in(text)), None)
    if named is None:
        raise NotFound.of("no-such-file", "this record has no such file", "此记录没有该文件")
    with caller.node.database.read() as connection:
        content = contents.find(connection, digest)
    if content is None or not content.whole:
        raise NotFound.of("file-on-its-way", "the file has not arrived here yet", "文件尚未传到本机", fix=_WAIT)
    headers = {
        "Content-Length": str(content.size),
        "Content-Security-Policy": SANDBOX,
        "Content-Disposition": _disposition(content.media != OTHER, name_in(named)),
        "Cache-Control": "private, max-age=86400, immutable",
    }
    return StreamingResponse(contents.stream(caller.node.database, content), media_type=content.media, headers=headers)


def _name(request: Request) -> str:
    given = unquote(request.headers.get(NAME_HEADER, ""))
    if not given:
        fix = Text("send the header X-File-Name", "请使用请求头 X-File-Name")
        raise NodeError.of("no-file-name", "say what the file is called", "请注明文件名", fix=fix)
    try:
        return file_name(given)
    except BadValue as bad:
        raise NodeError((Problem("bad-file", bad.what, fix=bad.fix),)) from None


def _texts(value: object) -> list[str]:
    """Return every text in a value, however deep."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _disposition(inline: bool, name: str) -> str:
    return f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"


_WAIT = Text("it comes by itself when the line allows", "线路允许时会自动传到，请稍后再看")
