"""Lists as people like to see them: named queries, each person's own and those shared in the store."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, or_, select

from stores.storage.system import SAVED_VIEW

MINE_MAX = 40  # of one person and list


@dataclass(frozen=True, slots=True)
class Saved:
    """One list as somebody likes it. ``usual``: what he gets when the address names no columns and no order."""

    id: str
    staff_id: str
    store: str
    list: str
    name: str
    query: str
    shared: bool = False

    @property
    def usual(self) -> bool:
        """Whether it has no name and stands for the list itself."""
        return not self.name


def of_list(connection: Connection, staff_id: str, store: str, list: str) -> list[Saved]:
    """Return a person's own views of a list and those shared in the store, by name."""
    table = SAVED_VIEW.c
    mine = or_(table.staff_id == staff_id, table.shared == 1)
    query = select(SAVED_VIEW).where(table.list == list, table.store == store, mine).order_by(table.name, table.id)
    return [_saved(row) for row in connection.execute(query)]


def get(connection: Connection, id: str) -> Saved | None:
    """Return one view."""
    row = connection.execute(select(SAVED_VIEW).where(SAVED_VIEW.c.id == id)).first()
    return None if row is None else _saved(row)


def keep(connection: Connection, view: Saved) -> bool:
    """Keep a view in place of the person's own of that name; False when he has too many already."""
    table = SAVED_VIEW.c
    own = (table.staff_id == view.staff_id, table.list == view.list, table.store == view.store)
    connection.execute(delete(SAVED_VIEW).where(*own, table.name == view.name))
    if int(connection.execute(select(func.count()).select_from(SAVED_VIEW).where(*own)).scalar_one()) >= MINE_MAX:
        return False
    values = {name: getattr(view, name) for name in ("id", "staff_id", "store", "list", "name", "query")}
    connection.execute(insert(SAVED_VIEW).values(**values, shared=int(view.shared)))
    return True


def drop(connection: Connection, id: str) -> None:
    """Forget a view."""
    connection.execute(delete(SAVED_VIEW).where(SAVED_VIEW.c.id == id))


def _saved(row: object) -> Saved:
    found = row._mapping  # type: ignore[attr-defined]
    values = {name: str(found[name]) for name in ("id", "staff_id", "store", "list", "name", "query")}
    return Saved(**values, shared=bool(found["shared"]))
