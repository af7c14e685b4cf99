"""Why a call was not answered."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.errors import NodeError


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call was not answered, for people in both languages, with the HTTP status it came with."""

    code: str
    en: str
    zh: str
    retry_after_s: int | None = None


class FrameError(NodeError):
    """What arrived is no message of this protocol, lies about itself, or is larger than a node reads."""

    status = 400


class FrameTooLarge(FrameError):
    """The message is larger than a node reads."""

    status = 413


class NotEnrolled(NodeError):
    """The token is unknown, revoked, or missing."""

    status = 401


class NotYours(NodeError):
    """The caller speaks for a log or a store that is not its own."""

    status = 403
