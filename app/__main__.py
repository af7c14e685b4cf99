"""`python -m app` is `branchline`, also where no script was installed."""

from __future__ import annotations

from app.cli import main

main()
