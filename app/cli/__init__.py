"""The command line: `branchline …`. One file per command group."""

from __future__ import annotations

import sys

import typer

from app.cli import backup, chain, demo, explain, nodes, person, rebuild, settings
from app.cli.common import REFUSED, fail
from app.cli.plugin import plugin_app
from core.host.host import tell_installed
from core.model.errors import NodeError, Text

app = typer.Typer(
    name="branchline",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Branchline: store nodes that work without a network. 支线：断网可用、与总部一致的门店节点。",
)
app.command()(nodes.serve)
app.command()(demo.demo)
app.command()(chain.invite)
app.command()(chain.enrol)
app.command()(chain.revoke)
app.add_typer(person.app, name="person")
app.add_typer(settings.app, name="settings")
app.command()(nodes.status)
app.command()(nodes.verify)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(rebuild.rebuild)
app.command()(explain.explain)
app.add_typer(plugin_app, name="plugin")


def main() -> None:
    """Run the command line.

    Exit codes: 0 done · 1 refused, the reason is on standard error · 2 wrong usage · 3 nodes or logs disagree.
    """
    try:
        tell_installed("cli", group=app)
        app()
    except NodeError as error:
        fail(error)
        sys.exit(REFUSED)
    except OSError as error:  # of a file or folder somebody named; what a node serves is told where it happens
        fail(_refused_by_machine(error))
        sys.exit(REFUSED)


def _refused_by_machine(error: OSError) -> NodeError:
    where = f"{error.filename}: " if error.filename else ""
    return NodeError.of(
        "machine-refused",
        f"{where}{error.strerror or error}",
        f"系统拒绝了该操作：{where}{error.strerror or error}",
        fix=Text("look at the path, its permissions and the room on the disk", "请检查路径、权限和磁盘空间"),
    )
