"""People who may sign in at a node: `branchline person add`, `login`, `list`, `passwd`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli.common import Config, opened, say, table
from app.signin.staffing import NewPerson, add_person, first_role, let_in, listed, set_password
from core.model.errors import NodeError, Text

app = typer.Typer(no_args_is_help=True, help="People who sign in. 登录人员。")
Stdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input. 从标准输入读取密码。")
]


@app.command("add")
def add(
    config: Config,
    name: Annotated[str, typer.Argument(help="Name. 姓名。")],
    login: Annotated[str, typer.Option(help="Login. 登录名。")],
    role: Annotated[
        list[str] | None, typer.Option(help="Role, may be repeated; none = administrator. 岗位，可重复。")
    ] = None,
    badge: Annotated[str | None, typer.Option(help="Badge number. 工号。")] = None,
    password_stdin: Stdin = False,
) -> None:
    """Add a person; without --role the node's administrator. 新增人员，不写岗位即为管理员。"""
    with opened(config) as service:
        roles = tuple(role or [first_role(service.node)])
        new = NewPerson(name, login, _password(password_stdin), roles, badge)
        staff_id = add_person(service.node, service.passwords, new)
    say(
        Text(
            f"{name} signs in as {login} ({', '.join(roles)}); staff id {staff_id}",
            f"{name} 可用 {login} 登录（{'、'.join(roles)}）；员工编号 {staff_id}",
        )
    )


@app.command("login")
def login_(
    config: Config,
    who: Annotated[str, typer.Argument(help="Badge number, or name. 工号或姓名。")],
    login: Annotated[str, typer.Option(help="Login. 登录名。")],
    password_stdin: Stdin = False,
) -> None:
    """Let somebody sign in who is on file already, as on a rebuilt node. 为在册员工开通登录。"""
    with opened(config) as service:
        name = let_in(service.node, service.passwords, who, login, _password(password_stdin))
    say(Text(f"{name} signs in as {login}", f"{name} 可用 {login} 登录"))


@app.command("list")
def list_(config: Config) -> None:
    """List the staff known here and who may sign in. 列出员工与登录名。"""
    with opened(config) as service:
        rows = listed(service.node)
    shown = [
        (p.name, p.badge or "", ", ".join(p.roles), p.store, p.login or "-", "" if p.active else "left") for p in rows
    ]
    say(table(("name", "badge", "roles", "store", "login", ""), shown))


@app.command("passwd")
def passwd(
    config: Config, login: Annotated[str, typer.Argument(help="Login. 登录名。")], password_stdin: Stdin = False
) -> None:
    """Set a new password; the person is signed out everywhere. 重设密码。"""
    with opened(config) as service:
        set_password(service.node, service.passwords, login, _password(password_stdin))
    say(Text(f"{login} has a new password", f"{login} 的密码已更新"))


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise NodeError.of(
            "no-password",
            "there is no terminal to ask for the password",
            "没有可输入密码的终端",
            fix=Text("use --password-stdin", "请使用 --password-stdin"),
        )
    asked: str = typer.prompt("Password 密码", hide_input=True, confirmation_prompt=True)
    return asked
