"""The demo's story, done by hand: the people of some nodes act on the pages, in a browser, instead of over the API."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.demo.chain import PASSWORD
from app.demo.client import Json
from app.demo.story import Stage, Step
from stores.actor import SYSTEM_ACTOR
from stores.reads import records

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
HOW_TO_GET_ONE = "no browser: pages are not tried by hand. Debian: `apt install chromium fonts-noto-cjk`; or name one in BRANCHLINE_BROWSER"
LONG_MS = 15_000


def browser_path() -> str | None:
    """Return where a Chromium of this system is: the one in BRANCHLINE_BROWSER, or the first found."""
    named = os.environ.get("BRANCHLINE_BROWSER")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


@dataclass
class HandStage(Stage):
    """A story in which the people of the nodes in ``by_hand`` use the pages."""

    browser: Any = None
    by_hand: frozenset[str] = frozenset()
    keyboard: bool = False
    desks: dict[tuple[str, str], Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    done: int = 0

    def desk(self, node: str, login: str) -> Any:
        """Return the page of a person who is signed in at a node, with the badge and the password."""
        if (node, login) not in self.desks:
            member = self.chain.members[node]
            context = self.browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
            page = context.new_page()
            page.set_default_timeout(LONG_MS)
            page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
            page.on("console", self._listen)
            page.goto(f"{member.address}/sign-in")
            page.fill("#login", member.plan.people[login].badge)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_url(f"{member.address}/")
            self.desks[node, login] = page
        return self.desks[node, login]

    def _listen(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def _do(self, step: Step) -> Json:
        if step.node not in self.by_hand or step.happened is not None:
            return super()._do(step)
        assert step.do is not None
        self.done += 1
        record, _, action = step.do.rpartition(".")
        member, page = self._member(step), self.desk(step.node or "", step.by or "")
        plugin, _, name = record.partition(".")
        home = f"{member.address}/records/{plugin}/{name}"
        target = self._value(step.target) if step.target else None
        page.goto(f"{home}/{target}" if target else home)
        if not self._press(page, action, {k: self._value(v) for k, v in step.ask.items()}):
            assert step.fails is not None, f"{step.place}: no button for {action}"
            return {"why": page.inner_text(".acts"), "code": step.fails}
        page.wait_for_selector("main .problems, main p.note.tone-good[role=status]")
        refused = page.query_selector("main .problems")
        if step.fails is not None:
            assert refused is not None, f"{step.place}: it was to be refused with {step.fails}"
            return {"why": refused.inner_text(), "code": step.fails}
        assert refused is None, f"{step.place}: {refused.inner_text()}"
        record_id = re.sub(r"^.*/", "", page.url.partition("?")[0])
        if step.name:
            self.named[step.name], self.records[step.name] = record_id, record
        node = member.service.node
        seen = records.fetch(node, SYSTEM_ACTOR, node.catalog.record(plugin, name), record_id)
        self._check(step, {"state": seen["state"], "provisional": "sent=" in page.url})
        return {**seen, "state": self._state_label(member, record, seen["state"])}

    def _press(self, page: Any, action: str, ask: Mapping[str, Any]) -> bool:
        """Press an action's button, fill its form and send it; return False when the page offers no such button."""
        link = page.locator(f'main a.button[href*="/actions/{action}"]').first
        direct = page.locator(f'main form[action$="/actions/{action}"] button').first
        if link.count():
            self._take(link)
            page.wait_for_selector("#sheet")
            for name, value in ask.items():
                self._fill(page, name, value)
            self._take(page.locator("#sheet .formfoot button.main"))
            return True
        if direct.count():
            self._take(direct)
            return True
        return False

    def _take(self, thing: Any) -> None:
        """Click, or, with nothing but a keyboard, focus and press Enter."""
        if self.keyboard:
            thing.focus()
            thing.press("Enter")
        else:
            thing.click()

    def _fill(self, page: Any, name: str, value: Any) -> None:
        field = page.locator(f"#in-{name}")
        kind = field.evaluate("element => element.tagName + ' ' + (element.type || element.className)")
        if kind.startswith("SELECT"):
            field.select_option(str(value))
        elif "radios" in kind:
            field.locator(f'input[value="{str(value).lower()}"]').check()
        elif self.keyboard:
            field.focus()
            page.keyboard.press("Control+A")
            page.keyboard.type(str(value))
        else:
            field.fill(str(value))
