"""What the pages themselves say, in both languages. What a business says comes from its plugin."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping
from datetime import date

from app.pages.frame.console_words import CONSOLE
from core.model.errors import Language, Text

WORDS: Mapping[str, Text] = {
    **CONSOLE,
    # the frame
    "today": Text("Today", "今日"),
    "menu": Text("Menu", "菜单"),
    "skip": Text("Skip to the content", "跳到正文"),
    "other_language": Text("中文", "English"),
    "theme_dark": Text("Dark", "深色"),
    "theme_light": Text("Light", "浅色"),
    "theme_auto": Text("As the system", "跟随系统"),
    "sign_out": Text("Sign out", "退出"),
    "change_person": Text("Change person", "换人"),
    "records": Text("Records", "记录"),
    "people_and_system": Text("People and system", "人员与系统"),
    "api": Text("API documents", "接口说明"),
    "print": Text("Print", "打印"),
    "close": Text("Close", "关闭"),
    "between": Text(", ", "、"),
    "no_role": Text("no role here", "暂无岗位"),
    "weights_unset": Text(
        "cards are scored once these weights are set, 100 together:", "设置以下权重（合计 100）后开始计分："
    ),
    "weights_where": Text("Open the settings", "前往设置"),
    "stop": Text(".", "。"),
    "every_business": Text("Every business", "通用岗位"),
    "of_several": Text("Of several businesses", "多业务共用"),
    "given_elsewhere": Text("Given elsewhere", "其他任命"),
    "other_post": Text("a post of another business", "其他业务岗位"),
    "post_of": Text("{0} ({1})", "{0}（{1}）"),
    "guidance": Text("House rules for this work", "工作要求"),
    "colon": Text(": ", "："),
    "unit": Text("unit", "单位"),
    "chosen": Text("Chosen", "选中"),
    "no_action": Text("Nothing you can do here now", "当前没有可执行的操作"),
    "weekdays": Text("Mon Tue Wed Thu Fri Sat Sun", "周一 周二 周三 周四 周五 周六 周日"),
    "reports": Text("Reports", "报表"),
    "by_store": Text("By store", "按门店"),
    "never": Text("never yet", "从未"),
    "colours": Text("Colours", "配色"),
    "back": Text("Back", "返回"),
    # signing in
    "sign_in": Text("Sign in", "登录"),
    "login": Text("Badge number or login", "工号或登录名"),
    "password": Text("Password", "密码"),
    "signed_in_here": Text("Signed in here lately", "最近在本机登录"),
    "forget": Text("Forget", "移除"),
    "locked": Text("The desk was left alone and has been locked", "长时间无人操作，已自动锁定"),
    # the line
    "online": Text("Online", "在线"),
    "offline": Text("Offline", "离线"),
    "offline_since": Text("Offline since {0}", "{0} 起离线"),
    "headquarters": Text("Headquarters", "总部节点"),
    "waiting": Text("{0} to send", "待发送 {0}"),
    "all_sent": Text("all sent", "已全部发送"),
    "files_waiting": Text("{0} files to send", "待传文件 {0} 个"),
    "oldest": Text("oldest {0}", "最早 {0}"),
    "money_waiting": Text("money in it {0}", "涉及金额 {0}"),
    "safe_off": Text("safe to switch off", "可安全关机"),
    "not_safe_off": Text("keep it on until all is sent", "发送完成前请勿关机"),
    "open_conflicts": Text("{0} conflicts", "冲突 {0}"),
    "quarantined": Text("{0} held back", "隔离 {0}"),
    "clock_off": Text("clock off by {0} s", "时钟偏差 {0} 秒"),
    "plugin_faults": Text("{0} plugin faults", "插件错误 {0}"),
    "timer_faults": Text("{0} timers failed", "计时失败 {0}"),
    "node_away": Text("This PC does not answer; what you typed is kept here", "本机服务无响应，已填写的内容仍在页面上"),
    "line": Text("State of the line", "线路状态"),
    # lists
    "list": Text("List", "列表"),
    "board": Text("Board", "看板"),
    "calendar": Text("Calendar", "日历"),
    "timeline": Text("Timeline", "时间轴"),
    "search": Text("Search", "搜索"),
    "search_hint": Text("Words, number, last digits of a phone", "文字、编号或电话尾号"),
    "filter": Text("Filter", "筛选"),
    "apply": Text("Apply", "应用"),
    "reset": Text("Clear", "清除"),
    "columns": Text("Columns", "显示列"),
    "all_states": Text("All states", "全部状态"),
    "any": Text("Any", "不限"),
    "from": Text("from", "从"),
    "until": Text("to", "至"),
    "number": Text("Number", "编号"),
    "state": Text("State", "状态"),
    "store": Text("Store", "门店"),
    "updated": Text("Updated", "更新时间"),
    "first_page": Text("First page", "第一页"),
    "next_page": Text("Next page", "下一页"),
    "more": Text("More", "更多"),
    "nothing_found": Text("Nothing was found", "没有符合条件的记录"),
    "nothing_yet": Text("Nothing here yet", "暂无记录"),
    "begin_with": Text("Begin with:", "可先进行："),
    "nothing_yet_wait": Text("Records appear here as they are made", "产生记录后将显示在此"),
    "looser": Text("Look for fewer words, or clear the filter", "请减少关键词或清除筛选"),
    "sorted_up": Text("ascending", "升序"),
    "sorted_down": Text("descending", "降序"),
    "deleted": Text("Deleted", "已删除"),
    "rows": Text("{0} records", "{0} 条"),
    "rows_more": Text("more than {0} records", "超过 {0} 条"),
    # values
    "yes": Text("Yes", "是"),
    "no": Text("No", "否"),
    "empty": Text("—", "—"),
    "not_said": Text("Not said", "未填"),
    "signed": Text("Signed", "已签"),
    "masked": Text("masked", "已遮盖"),
    "reveal": Text("Show in full", "查看完整内容"),
    "reveal_why": Text("Why do you need it? (logged)", "查看原因（将留痕）"),
    "revealed": Text("Shown in full; your name and reason are logged", "已显示完整内容，查看人与原因已留痕"),
    # a record
    "actions": Text("Actions", "操作"),
    "not_now": Text("Not now", "当前不可执行"),
    "history": Text("History", "历史"),
    "deadlines": Text("Deadlines", "时限"),
    "why": Text("Why?", "依据"),
    "rule": Text("Rule", "规则"),
    "inputs": Text("From", "取值"),
    "then": Text("then", "届时"),
    "skipped": Text("Days not counted", "不计入的日期"),
    "fired": Text("has passed", "已到时"),
    "related": Text("Related records", "相关记录"),
    "details": Text("Details", "详情"),
    "further": Text("Further", "其他信息"),
    "worked_out": Text("Worked out", "系统计算"),
    "by": Text("by", "由"),
    "was": Text("was", "原为"),
    "reason": Text("Reason", "原因"),
    "late_entered": Text("entered {0} later", "补录，晚 {0}"),
    "ledger_of_record": Text("Posted from this record", "本记录产生的账目"),
    "dispatch_decision": Text("Dispatch decisions", "派单决定"),
    "waits_for_home": Text("Waits for confirmation", "等待确认"),
    "done": Text("Done: {0}", "已完成：{0}"),
    "sent_for_confirmation": Text("Sent, waits for confirmation: {0}", "已提交，等待确认：{0}"),
    "changed_by": Text("Last changed by {0}, {1}", "{0} 于 {1} 最后修改"),
    "system": Text("System", "系统"),
    "written_at": Text("Last written", "最近写入"),
    "signed_by": Text("By", "签字人"),
    "signed_at": Text("At", "时间"),
    "provisional": Text("provisional", "待生效"),
    "moved_on": Text(
        "{0} changed this record at {1}, after you opened the form", "您打开此表后，{0} 已于 {1} 修改该记录"
    ),
    "opened_also": Text("{0} has this form open since {1}", "{0} 自 {1} 起也在填写此表"),
    # forms
    "required": Text("required", "必填"),
    "choose": Text("Choose …", "请选择…"),
    "picked_by": Text("left empty, it is chosen by: {0}", "留空则由系统选定：{0}"),
    "none": Text("none", "无"),
    "type_to_find": Text("Type to find", "输入文字查找"),
    "no_match": Text("Nothing matches", "没有匹配项"),
    "unchanged": Text("Leave empty to keep {0}", "不填则保持 {0}"),
    "when_sent": Text("empty: the moment it is sent", "留空则按提交时间"),
    "others": Text("Others", "其他"),
    "left_empty": Text("left empty, it is worked out", "留空则自动计算"),
    "stands_now": Text("stands now: {0}", "当前为：{0}"),
    "save": Text("Do it", "执行"),
    "cancel": Text("Cancel", "取消"),
    "problems": Text("Please correct", "请更正以下内容"),
    "warned": Text("Please check", "请确认"),
    "reason_to_go_on": Text("Reason for going on (logged)", "继续执行的原因（将留痕）"),
    "go_on": Text("Go on all the same", "仍然执行"),
    "happened_at": Text("When did it happen?", "实际发生时间"),
    "happened_hint": Text("Leave empty for now", "不填即为现在"),
    "entered_late": Text("Entered late", "补录"),
    "draft_kept": Text("What you typed at {0} is here again", "已恢复 {0} 填写的内容"),
    "draft_drop": Text("Start afresh", "清空重填"),
    "draft_saved": Text("kept", "已暂存"),
    "add_row": Text("Add a row", "增加一行"),
    "choose_file": Text("Choose a file", "选择文件"),
    "choose_photo": Text("Choose a photo", "选择照片"),
    "uploading": Text("Uploading …", "正在上传…"),
    "upload_failed": Text("Not uploaded", "上传失败"),
    "upload_drop": Text("Remove", "移除"),
    "sign_here": Text("Sign here", "请在此签字"),
    "sign_clear": Text("Clear", "重签"),
    "sign_typed": Text("or type a name", "或输入姓名"),
    "minutes": Text("minutes", "分钟"),
    "hours": Text("hours", "小时"),
    "days": Text("days", "天"),
    "workdays": Text("working days", "工作日"),
    "weeks": Text("weeks", "周"),
    "months": Text("months", "个月"),
    "years": Text("years", "年"),
    "seconds": Text("seconds", "秒"),
    "file_name": Text("Name of the file", "文件名"),
    "one_a_line": Text("one a line", "每行一项"),
    # today
    "now_due": Text("Due, in order", "待办（按时限）"),
    "nothing_due": Text("Nothing waits for you", "暂无待办"),
    "nothing_due_hint": Text(
        "What gets a deadline and is yours to do appears here", "有时限且由您处理的事项会显示在此"
    ),
    "notices": Text("Notices", "通知"),
    "no_notices": Text("No new notices", "没有新通知"),
    "acknowledge": Text("Seen", "已阅"),
    "acknowledge_all": Text("All seen", "全部已阅"),
    "notices_more": Text("{0} earlier ones", "更早的 {0} 条"),
    "to_sign": Text("To sign", "待我签字"),
    "my_requests": Text("What I asked for", "我的申请"),
    "sign": Text("Sign", "签字"),
    "withdraw": Text("Withdraw", "撤回"),
    "in_hand_more": Text("{0} more kinds of work in hand", "其余在办 {0} 项"),
    "in_hand": Text("In hand", "在办"),
    "due_at": Text("due {0}", "{0} 到期"),
    "overdue": Text("overdue", "已超时"),
    "left": Text("left", "剩余"),
    "conflicts_open": Text("Conflicts to settle", "待处理冲突"),
    # boards, calendars, timelines
    "previous": Text("Previous", "上一页"),
    "next": Text("Next", "下一页"),
    "this_month": Text("This month", "本月"),
    "no_rows": Text("Nothing to put in rows: there is no {0} yet", "还没有{0}，无法排列"),
    "no_room_yet": Text("Not placed", "未安排"),
    "move_hint": Text(
        "Drag onto another row, or focus a bar and use the arrow keys, then Enter",
        "可拖到其他行；或选中后按上下方向键，再按回车",
    ),
    "clash_row": Text("taken at that time", "该时段已占用"),
    "now": Text("now", "现在"),
    "nothing_this_month": Text("Nothing in this month", "本月暂无记录"),
    # two records side by side
    "duplicates": Text("Duplicates", "重复记录"),
    "known_one": Text("Known", "已有"),
    "given_one": Text("Entered again", "再次登记"),
    "take_over": Text("Take over", "采用"),
    "take_hint": Text(
        "What is ticked is taken over into the known record; the rest stays as it is",
        "勾选的内容写入已有记录，其余保持不变",
    ),
    "decide_pair": Text("Compare and decide", "比对处理"),
    "decided_too": Text("All, also those decided", "全部记录"),
    "no_duplicates": Text("Nothing waits to be compared", "没有待比对的重复记录"),
    "no_duplicates_hint": Text(
        "What was entered again appears here, side by side with what is known", "重复登记的内容会与已有记录并排显示在此"
    ),
    "alike_in_two": Text("Alike in two stores", "跨店重复"),
    "same_in_two": Text("Known to be the same", "已确认为同一对象"),
    "found_at": Text("Found", "发现时间"),
    "match_hint": Text(
        "Nothing is merged: each store goes on with its own record, and both are told what was decided.",
        "记录不会合并：两店各自保留本店记录，处理结果告知双方。",
    ),
    "same_elsewhere": Text("Also known at {0}", "{0}也有同一对象"),
    "perhaps_elsewhere": Text("Perhaps also known at {0}", "{0}可能有同一对象"),
    "stands_twice": Text("Stands twice and may stand once", "不可重复的内容出现两次"),
    # scores and turns
    "scorecards": Text("Scorecards", "考核"),
    "dispatch": Text("Dispatch", "派单"),
    "ledgers": Text("Ledgers", "账目"),
    "ledger": Text("Ledger", "账目"),
    "views": Text("Views", "视图"),
    "place": Text("Place", "名次"),
    "candidate": Text("Candidate", "候选人"),
    "out_because": Text("Out", "不可选"),
    "weight": Text("Weight", "权重"),
    "target": Text("Target", "目标"),
    "value": Text("Actual", "实际"),
    "score": Text("Score", "得分"),
    "total": Text("Total", "总分"),
    "band": Text("Band", "等级"),
    "not_configured": Text("not configured", "未配置"),
    "open_card": Text("open, worked out now", "未结，实时计算"),
    "closed_card": Text("closed", "已结"),
    "period": Text("Period", "周期"),
    "balance": Text("Balance", "余额"),
    "account": Text("Account", "账户"),
    "entries": Text("Entries", "明细"),
    "sum": Text("Sum", "合计"),
    "records_behind": Text("records behind it", "来源记录"),
    # on paper
    "paper_record": Text("This record", "本记录"),
    "paper_by": Text("Printed by {0}, {1}", "{0} 打印于 {1}"),
    "paper_rows": Text("{0} records", "共 {0} 条"),
    "paper_first": Text("the first {0} records", "前 {0} 条"),
    "paper_back": Text("Back", "返回"),
    "paper_sign": Text("Signature and date", "签字及日期"),
    # saved views
    "views_saved": Text("Saved views", "常用视图"),
    "view_save": Text("Save this view", "保存当前视图"),
    "view_name": Text("Name of the view", "视图名称"),
    "view_share": Text("Show it to everybody of this store", "本店所有人可见"),
    "view_shared": Text("shared", "共享"),
    "view_drop": Text("Remove the view {0}", "删除视图“{0}”"),
    "columns_usual": Text("Make these my usual columns", "设为我的默认列"),
    "columns_reset": Text("Back to the usual columns of the house", "恢复系统默认列"),
    # Excel
    "excel_export": Text("Export this list", "导出此列表"),
    "excel_import": Text("Import: {0}", "导入：{0}"),
    "excel_edit": Text("Change many: {0}", "批量修改：{0}"),
    "excel_edit_hint": Text(
        "One row per record, found by the first column. What is left empty stays as it is; to empty something write "
        "(empty). An exported list can be edited and sent back.",
        "每行一条记录，按第一列查找；留空的单元格保持原值，要清空某项请填写“（清空）”。也可将导出的列表修改后直接上传。",
    ),
    "excel_left": Text("An empty cell leaves what stands there", "单元格留空：保持原值"),
    "excel_emptied": Text("To empty something, write {0}", "要清空某项：填写“{0}”"),
    "excel_change": Text("Change {0} records", "修改 {0} 条记录"),
    "excel_changed": Text("Finished: {0} records changed", "修改完成：{0} 条记录"),
    "excel_edit_good": Text("can be changed", "可修改"),
    "excel_edit_made": Text("changed", "已修改"),
    "excel_same": Text("nothing to change", "无需修改"),
    "excel_template": Text("Download the template", "下载模板"),
    "excel_step_1": Text("1. Fill in the template", "1. 填写模板"),
    "excel_step_2": Text("2. Choose the file", "2. 选择文件"),
    "excel_template_hint": Text(
        "One row per record; * marks what must be filled in. The second sheet explains each column.",
        "每行一条记录，带 * 的列必填；第二张工作表说明各列填法。",
    ),
    "excel_look_first": Text(
        "Every row is tried out first. Nothing is saved until you say so.", "先逐行试算，确认之前不会保存任何内容。"
    ),
    "excel_file": Text("Excel file (.xlsx)", "Excel 文件（.xlsx）"),
    "excel_upload": Text("Look at the file", "检查文件"),
    "excel_checking": Text("Looking at row {0} of {1} …", "正在检查 {0} / {1} 行…"),
    "excel_going": Text("Carrying out row {0} of {1} …", "正在导入 {0} / {1} 行…"),
    "excel_go_on": Text("Go on", "继续"),
    "excel_commit": Text("Import {0} rows", "导入 {0} 行"),
    "excel_other_file": Text("Choose another file", "重新选择文件"),
    "excel_finished": Text("Finished: {0} rows imported", "导入完成：{0} 行"),
    "excel_nothing_good": Text("No row can be imported as it is", "没有可导入的行"),
    "excel_mend": Text(
        "Mend the rows in the file and choose it again: rows that are imported already are not imported twice.",
        "请在文件中更正后重新选择；已导入的行不会重复导入。",
    ),
    "excel_refused": Text("Refused rows", "未通过的行"),
    "excel_refused_file": Text("Download the refused rows with reasons", "下载未通过的行及原因"),
    "excel_unused": Text("Columns not used: {0}", "未使用的列：{0}"),
    "excel_unfit": Text(
        "This cannot be done by file: {0} does not fit into a cell", "此操作不能通过文件导入：{0}无法填入单元格"
    ),
    "excel_more": Text("… and {0} more rows", "……另有 {0} 行"),
    "excel_row": Text("Row", "行号"),
    "excel_state": Text("Result", "结果"),
    "excel_new": Text("waits", "待检查"),
    "excel_good": Text("can be imported", "可导入"),
    "excel_bad": Text("refused", "未通过"),
    "excel_made": Text("imported", "已导入"),
    "excel_there": Text("imported earlier", "此前已导入"),
    "excel_column": Text("Column", "列"),
    "excel_what": Text("What it takes", "填写要求"),
    "excel_example": Text("Example", "示例"),
    "excel_notes": Text("How to fill it in", "填写说明"),
    "excel_several": Text("several, comma between: {0}", "可填多项，以顿号分隔：{0}"),
    "excel_refers": Text("name or number of: {0}", "{0}的名称或编号"),
    "excel_one_of": Text("one of {0}", "可填：{0}"),
    # errors
    "not_for_you": Text("not shown to you", "无权查看"),
    "not_found": Text("There is nothing here", "没有找到"),
    "not_allowed": Text("This is not for your post", "无权查看或操作"),
    "something_wrong": Text("This did not work", "操作未成功"),
    "to_today": Text("To today", "回到今日"),
}


class Words:
    """The words in one language, as templates use them: ``w.save``, ``w.of("waiting", 3)``."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __getattr__(self, name: str) -> str:
        try:
            return WORDS[name].say(self.language)
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> str:
        return WORDS[name].say(self.language)

    def on_day(self, day: date) -> str:
        """Return a day as people say it, with its weekday: 2026年3月13日 周五, Fri 13 March 2026."""
        weekday = self["weekdays"].split(" ")[day.weekday()]
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日 {weekday}"
        return f"{weekday} {day.day} {self.in_month(day)}"

    def in_month(self, day: date) -> str:
        """Return the month of a day as people say it: 2026年3月, March 2026."""
        return f"{day.year}年{day.month}月" if self.language == "zh" else f"{month_name[day.month]} {day.year}"

    def of(self, name: str, *fills: object) -> str:
        """Return a sentence with its places filled in."""
        return WORDS[name].say(self.language).format(*fills)
