"""docs/protocol.md shows messages that a node really reads, and every code that sync can give."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sync import receipts
from sync.protocol import Compare, CompareAnswer, EnrolAnswer, HelloAnswer, Message, PullAnswer, Push, PushAnswer
from sync.wire.codec import decode
from sync.wire.messages import NAMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
CODE = re.compile(r'(?:Problem|_down|_refused|\.of)\(\s*"([a-z]+(?:-[a-z]+)+)"')


def exchange() -> list[Message]:
    kinds = {name: kind for kind, name in NAMES.items()}
    blocks = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    return [decode(block.encode(), kinds[json.loads(block)["is"]], "json") for block in blocks]


def test_the_worked_exchange_is_one_that_nodes_would_read_and_believe() -> None:
    _, enrolled, _, hello, push, pushed, _, page, asked, summed = exchange()
    assert isinstance(enrolled, EnrolAnswer)
    assert isinstance(hello, HelloAnswer)
    assert isinstance(push, Push)
    assert isinstance(pushed, PushAnswer)
    assert isinstance(page, PullAnswer)

    assert isinstance(asked, Compare)
    assert isinstance(summed, CompareAnswer)

    assert push.after == hello.head
    assert (asked.head, asked.after, len(asked.paths)) == (push.head, page.upto, len(summed.sums))
    assert push.head == pushed.head
    assert receipts.verified(enrolled.key, pushed.receipt, push.origin, push.head)
    assert {entry.pk for entry in push.entries} <= {row.id for row in page.rows}
    assert page.acked == push.head.seq


def test_every_code_of_sync_is_explained_and_no_other() -> None:
    others = ("app/web/sync.py", "stores/changes/loading.py")
    sources = [*(ROOT / "sync").rglob("*.py"), *(ROOT / each for each in others)]
    used = {code for source in sources for code in CODE.findall(source.read_text(encoding="utf-8"))}
    told = set(re.findall(r"(?m)^\| `([a-z-]+)` \|", PAGE.partition("## Codes")[2]))

    assert told == used
