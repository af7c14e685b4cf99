"""A new business to start from: small, complete, and its scenario passes."""

from __future__ import annotations

import re
from pathlib import Path

from core.host.discovery import MANIFEST
from core.model.errors import NodeError, Text

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")

_PLUGIN = """\
plugin: {name}
version: 0.1.0
requires: {{core: ^1}}
label: {{en: {title}, zh: {title}}}

settings:                     # what headquarters or a store may change
  finish_within: {{type: duration, default: 2h, label: {{en: Finish within, zh: 完成时限}}}}

roles:
  clerk: {{label: {{en: Clerk, zh: 店员}}}}

records:
  task:
    label: {{en: Task, zh: 任务}}
    fields:
      title:     {{type: text, required: true, label: {{en: What to do, zh: 内容}}}}
      opened_at: {{type: datetime, default: =now, label: {{en: Opened at, zh: 登记时间}}}}
    states: {{todo: {{en: To do, zh: 待办}}, late: {{en: Late, zh: 逾期}}, done: {{en: Done, zh: 已完成}}}}
    by: clerk
    actions:                  # the only way to write
      add:    {{from: new, to: todo, ask: [title], label: {{en: Add, zh: 登记}}}}
      finish: {{from: [todo, late], to: done, label: {{en: Finish, zh: 完成}}}}
      slip:   {{from: todo, to: late, by: system, label: {{en: Mark as late, zh: 转为逾期}}}}
    timers:
      overdue: {{while: self.state == "todo", due: =self.opened_at + settings.finish_within, then: slip}}
    read: {{clerk: {{}}}}
    sync: {{scope: store, home: store}}

samples:
  staff: {{ann: {{name: Ann, roles: [clerk]}}}}
  task:  {{lamp: {{title: Replace the lamp}}}}

scenarios:
  a_task_is_late_after_two_hours:
    given: {{now: "2026-03-02 10:00", as: ann}}
    when:
      - {{do: task.add, with: lamp, is: t}}
      - {{at: "12:00", then: 't.state == "todo"'}}      # the last instant is still in time
      - {{at: "12:00:01", then: 't.state == "late"'}}
      - {{do: task.finish, for: t}}
    then: ['t.state == "done"']
"""

_README = """\
# {title}

    branchline plugin check .
    branchline plugin test .
    branchline plugin explain .
"""


def write(name: str, into: Path) -> Path:
    """Write a new plugin folder and return it; NodeError when the name does not fit or the folder is there already."""
    if not _NAME.fullmatch(name):
        raise NodeError.of(
            "bad-name",
            f"`{name}` is not a name for a plugin",
            f"`{name}` 不能用作插件名称",
            fix=Text(
                "use lower-case letters, digits and underscores, a letter first",
                "请用小写字母、数字和下划线，以字母开头",
            ),
        )
    folder = into / name
    if folder.exists():
        raise NodeError.of("folder-exists", f"{folder} is already there", f"{folder} 已存在")
    folder.mkdir(parents=True)
    title = name.replace("_", " ").capitalize()
    (folder / MANIFEST).write_text(_PLUGIN.format(name=name, title=title), encoding="utf-8")
    (folder / "README.md").write_text(_README.format(title=title), encoding="utf-8")
    return folder
