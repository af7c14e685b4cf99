"""A page request of somebody who looks after the whole chain, and of somebody who may also change it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app.chain.overseeing import check_chief, check_overseer
from app.pages.frame.desk import Desk, desk, form_desk


def overseer(found: Annotated[Desk, Depends(desk)]) -> Desk:
    """Return the page request of an administrator or auditor of headquarters; Forbidden for everybody else."""
    check_overseer(found.actor)
    return found


def chief_form(found: Annotated[Desk, Depends(form_desk)]) -> Desk:
    """Return the form request of an administrator of headquarters; Forbidden for everybody else."""
    check_chief(found.actor)
    return found


OverseerDesk = Annotated[Desk, Depends(overseer)]
ChiefForm = Annotated[Desk, Depends(chief_form)]
