"""Backups of this node: which there are, how old the newest is, and one made now, while people work."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.pages.frame.desk import CurrentDesk, Desk, FormDesk
from app.pages.frame.drawing import page
from app.pages.showing.values import Shown, shown_moment
from app.settings import BACKUPS, BACKUPS_KEPT
from app.signin.accounts import check_keeper
from core.model.errors import Clash, NodeError
from stores import backup

router = APIRouter(include_in_schema=False)
OLD_AFTER_H = 36
_one_at_a_time = Lock()


@router.get("/backups")
def backups(request: Request, desk: CurrentDesk) -> Response:
    """Show the backups in this node's folder."""
    check_keeper(desk.node, desk.actor)
    return _draw(desk, said=desk.words.backup_made if "made" in request.query_params else "")


@router.post("/backups")
def make(desk: FormDesk) -> Response:
    """Copy the node's data while it works, and read the copy from end to end."""
    check_keeper(desk.node, desk.actor)
    node, settings = desk.node, desk.service.settings
    if not _one_at_a_time.acquire(blocking=False):
        return _draw(desk, error=Clash.of("backup-running", "a backup is being made", "正在备份，请稍候"))
    try:
        folder = settings.data / BACKUPS
        backup.make(node.database, folder / backup.name_of(settings.node, node.now().astimezone(node.zone)))
        backup.prune(folder, settings.node, BACKUPS_KEPT)
    except NodeError as error:
        return _draw(desk, error=error)
    finally:
        _one_at_a_time.release()
    return RedirectResponse("/backups?made=1", status_code=303)


def _draw(desk: Desk, *, said: str = "", error: NodeError | None = None) -> Response:
    found = _found(desk)
    now = desk.node.now()
    newest = found[0][3] if found else None
    return page(
        desk,
        "backups.html",
        status=error.status if error else 200,
        title=desk.words.backups,
        files=[(name, at, size) for name, at, size, _ in found],
        stale=newest is None or (now - newest).total_seconds() > OLD_AFTER_H * 3600,
        said=said,
        problems=error.problems if error else (),
    )


def _found(desk: Desk) -> list[tuple[str, Shown, str, datetime]]:
    """Return (name, when, size, moment) of the backups in the node's folder, newest first; the name says when."""
    settings, told = desk.service.settings, []
    for file in sorted((settings.data / BACKUPS).glob(f"{settings.node}-*.db"), reverse=True):
        made = file.stem.removeprefix(f"{settings.node}-")
        try:
            at = datetime.strptime(made, "%Y%m%d-%H%M%S").replace(tzinfo=desk.node.zone)
        except ValueError:  # a copy that somebody has given a name of his own
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        size = f"{file.stat().st_size / 1_000_000:.1f} MB"
        told.append((file.name, shown_moment(desk, at.isoformat()), size, at))
    return told
