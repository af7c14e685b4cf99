"""Bytes compressed with zstd, bounded both ways: a few bytes from the network must not become a large heap."""

from __future__ import annotations

import zstandard

from core.model.errors import Problem, Text
from sync.protocol import HARD_BYTES_MAX, FrameError, FrameTooLarge

WINDOW_BYTES_MAX = 8 << 20  # of the zstd window


def squeezed(data: bytes, level: int = 3) -> bytes:
    """Return the bytes compressed, with their size and a checksum."""
    return zstandard.ZstdCompressor(level=level, write_checksum=True).compress(data)


def unsqueezed(data: bytes) -> bytes:
    """Return what was compressed.

    Raises FrameTooLarge when it would unfold to more than HARD_BYTES_MAX bytes, known before memory is spent on it, and
    FrameError when it is cut short, altered, or nothing of the kind.
    """
    try:
        declared = zstandard.get_frame_parameters(data)
        if declared.content_size == zstandard.CONTENTSIZE_UNKNOWN:
            raise broken("it does not say its size", "未注明大小")
        if declared.content_size > HARD_BYTES_MAX:
            raise too_large(HARD_BYTES_MAX)
        return zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX).decompress(
            data, max_output_size=HARD_BYTES_MAX, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise broken("it is cut short or altered", "内容不完整或被改动") from error


def too_large(bytes_max: int) -> FrameTooLarge:
    """Return the error for a message larger than a node reads."""
    megabytes = bytes_max >> 20
    what = Text(f"the message is larger than {megabytes} MiB", f"消息超过 {megabytes} MiB")
    fix = Text("send it in smaller frames", "请分成较小的帧发送")
    return FrameTooLarge((Problem("frame-too-large", what, fix=fix),))


def broken(en: str, zh: str) -> FrameError:
    """Return the error for what is no frame, and why."""
    what = Text(f"this is no Branchline frame: {en}", f"这不是支线数据帧：{zh}")
    fix = Text(
        "send it again; if it keeps happening, look for a proxy in between", "请重发；若反复出现，请检查中间代理"
    )
    return FrameError((Problem("frame-broken", what, fix=fix),))
