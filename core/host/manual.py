"""docs/hooks.md, made from the hookspecs: what a hook says of itself in the code is what the manual says."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass

from core.host import hookspecs

_HEAD = """# Hooks

Made from `core/host/hookspecs.py` by `branchline plugin hooks`; a test compares the two.

A business needs no Python: its rules stand in `plugin.yaml`. A hook is for what a rule cannot say: a new *kind of
thing* (a function, a field type, a channel) or a rule that *narrows*. No hook loosens what a plugin.yaml forbids.

- **Where hooks stand.** In a file `hooks.py` beside a `plugin.yaml`, or in an installed distribution with an entry
  point in the group `branchline`. `BRANCHLINE_PLUGINS=name,name` loads only those, and what they require.
- **Order.** The plugin registered last is asked first; use `tryfirst` and `trylast`, never the order of installation.
- **Arguments.** Take only those you need, by name. Later versions may offer more.
- **First answer.** Where the table says so, asking ends at the first answer that is not `None`.
- **Exceptions.** A check that raises refuses; an effect that raises rolls back; who is only told and raises is logged.
- **Time.** No network and no sleep inside a transaction. A hook that takes longer than `plugins.hook_limit` is
  interrupted; that counts as an exception. After the third time it is not called any more until it is edited.
- **Reload.** An edited `hooks.py` is imported anew beside the old one; an action under way finishes with the old one.

What is planned and not yet here, because nothing calls it yet: see `docs/decisions/0003-hooks-with-a-caller.md`.
"""


@dataclass(frozen=True, slots=True)
class HookManual:
    """One hook: its name, its arguments, whether the first answer ends the asking, its text and its example."""

    name: str
    arguments: str
    first_answer: bool
    summary: str
    text: str
    example: str  # Python that works when pasted into hooks.py
    lead: str  # the sentence before the example


def hooks_manual() -> str:
    """Return the whole of docs/hooks.md."""
    pages = [manual_of(name) for name in hookspecs.HOOKS]
    rows = [
        f"| [`{page.name}`](#{page.name}) | {page.summary} | {'yes' if page.first_answer else ''} |" for page in pages
    ]
    table = "\n".join(["| Hook | In one line | First answer |", "|---|---|---|", *rows])
    return "\n".join([_HEAD, table, *(_section(page) for page in pages)])


def manual_of(name: str) -> HookManual:
    """Return what a hookspec says of itself."""
    hook = getattr(hookspecs, name)
    text, _, example = inspect.getdoc(hook).partition("\nExample:\n")  # type: ignore[union-attr]
    lead, _, code = textwrap.dedent(example).partition("::\n")
    return HookManual(
        name,
        ", ".join(inspect.signature(hook).parameters),
        bool(hook.branchline_spec["firstresult"]),
        text.split("\n\n")[0].replace("\n", " ").replace("``", "`").strip(),
        text.replace("``", "`").strip(),
        textwrap.dedent(code).strip() + "\n",
        lead.strip(),
    )


def _section(page: HookManual) -> str:
    first = "\nAsking ends at the first answer that is not `None`.\n" if page.first_answer else ""
    head = f"\n## {page.name}\n\n`{page.name}({page.arguments})`\n{first}"
    return f"{head}\n{page.text}\n\n{page.lead}:\n\n```python\n{page.example}```"
