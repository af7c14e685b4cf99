"""A form with a file in it: read, bounded, and proven to be one of ours like every other form."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.pages.frame.desk import Desk, desk
from app.pages.frame.forms import PROOF, check_proof
from app.web.errors import BadRequest, TooLarge, WrongType

FILE_MAX = 8 << 20  # bytes
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody chose: its name there and what is in it."""

    name: str
    content: bytes
    proof: str


async def read_upload(request: Request) -> Upload:
    """Return the file in a form; raise a NodeError that says what is wrong with it."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MULTIPART:
        raise WrongType.of("not-a-form", "this address takes a form with a file", "此地址只接受带文件的表单")
    try:
        parser = MultiPartParser(request.headers, bounded(request), max_files=1, max_fields=10, max_part_size=4096)
        form = await parser.parse()
    except (MultiPartException, ValueError, KeyError):
        raise BadRequest.of("malformed-form", "the form cannot be read", "表单内容无法识别") from None
    file, proof = form.get("file"), form.get(PROOF)
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadRequest.of("no-file", "choose a file first", "请先选择文件", field="file")
    content = await file.read()
    await form.close()
    return Upload(file.filename[:200], content, proof if isinstance(proof, str) else "")


async def bounded(request: Request) -> AsyncGenerator[bytes, None]:
    """Yield the body; raises TooLarge as soon as it is larger than a file may be."""
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > FILE_MAX:
            what = f"{FILE_MAX >> 20} MiB"
            raise TooLarge.of("too-large", f"the file is larger than {what}", f"文件超过 {what}", field="file")
        yield part


async def read_file(request: Request) -> bytes:
    """Return a body that is a file and nothing else, as programs send it."""
    return b"".join([part async for part in bounded(request)])


def upload_desk(upload: Annotated[Upload, Depends(read_upload)], found: Annotated[Desk, Depends(desk)]) -> Desk:
    """Return the page request of somebody who sends a file; Forbidden unless the form is one of ours."""
    check_proof(found.request, found.token or "", upload.proof)
    return found


SentFile = Annotated[Upload, Depends(read_upload)]
UploadDesk = Annotated[Desk, Depends(upload_desk)]
RawFile = Annotated[bytes, Depends(read_file)]
