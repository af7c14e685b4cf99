"""Functions on time, by the business's own calendar, and questions only the node can answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time

from core.language.expressions.env import Env, Span
from core.language.expressions.library import rule_error
from core.language.expressions.names import PERIOD
from core.language.expressions.registry import Function, Param, ResultKind
from core.model.duration import Duration
from core.model.errors import Text
from core.model.kinds import ANY, BOOL, DATE, DATETIME, DECIMAL, DURATION, INT, TIME, Kind
from core.model.values import BadValue

DAYS = ("date", "datetime")
PERIODS = ("day", "week", "month", "quarter", "year")


def day_of(moment: date, env: Env) -> date:
    """Return the calendar day of a date or an instant in the branch's zone."""
    return moment.astimezone(env.zone).date() if isinstance(moment, datetime) else moment


def in_period(moment: date, period: Span, env: Env) -> bool:
    """Return whether a date, or the business day of an instant, lies in a period; both ends count (C-4)."""
    day = env.world.calendar().business_date(moment) if isinstance(moment, datetime) else moment
    return period.start <= day <= period.end


def _date(env: Env, value: date | str) -> date:
    if not isinstance(value, str):
        return day_of(value, env)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise rule_error(f"`{value}` is not a date like 2026-03-07", f"“{value}”不是 2026-03-07 这样的日期") from None


def _time(env: Env, value: datetime | str) -> time:
    if not isinstance(value, str):
        return value.astimezone(env.zone).time()
    try:
        clock = time.fromisoformat(value)
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:
        raise rule_error(f"`{value}` is not a time like 20:45", f"“{value}”不是 20:45 这样的时刻")
    return clock


def _datetime(env: Env, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise rule_error(
            f"`{value}` is not a moment like 2026-03-07 20:45", f"“{value}”不是 2026-03-07 20:45 这样的时间"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=env.zone)).astimezone(UTC)


def _duration(value: str) -> Duration:
    try:
        return Duration.parse(value)
    except BadValue as bad:
        raise rule_error(bad.what.en, bad.what.zh) from None


def _period_of(env: Env, name: str, day: date) -> Span:
    if name not in PERIODS:
        raise rule_error(f"`{name}` is not one of {', '.join(PERIODS)}", f"“{name}”不是 {'、'.join(PERIODS)} 之一")
    return env.world.calendar().period(name, _business_day(env, day))


def _business_day(env: Env, moment: date) -> date:
    return env.world.calendar().business_date(moment) if isinstance(moment, datetime) else moment


def _minutes_between(first: datetime, last: datetime) -> int:
    return int((last - first).total_seconds() // 60)


def _days_between(env: Env, first: date, last: date) -> int:
    return (_business_day(env, last) - _business_day(env, first)).days


def _moved(kinds: tuple[Kind, ...]) -> Kind:
    return kinds[0] if kinds and kinds[0].name in DAYS else ANY


_MOMENT = Param("moment", DAYS)
_DAY = Param("day", ("date",))
_STAFF = Param("staff", ("record",))


def _part(name: str, en: str, zh: str, read: Callable[[date], int]) -> Function:
    def run(env: Env, moment: date) -> int:
        return read(day_of(moment, env))

    doc = Text(f"The {en} of a date or moment.", f"日期或时间的{zh}。")
    return Function(name, (_MOMENT,), INT, doc, f"{name}(self.signed_on)", run, nulls="pass", needs_env=True, sql=True)


def _calendar(name: str, params: tuple[Param, ...], result: ResultKind, en: str, zh: str, example: str) -> Function:
    def run(env: Env, *args: object) -> object:
        try:
            return getattr(env.world.calendar(), name)(*args)
        except BadValue as bad:  # hours after a day, a month without working days
            raise rule_error(bad.what.en, bad.what.zh) from None

    return Function(name, params, result, Text(en, zh), example, run, needs_env=True)


def _world(name: str, params: tuple[Param, ...], result: Kind, en: str, zh: str, example: str) -> Function:
    return Function(name, params, result, Text(en, zh), example, nulls="see", needs_world=True)


TIMES = (
    _part("year", "year", "年", lambda day: day.year),
    _part("month", "month (1-12)", "月（1-12）", lambda day: day.month),
    _part("day", "day of the month", "日", lambda day: day.day),
    _part("weekday", "day of the week (1 is Monday, 7 Sunday)", "星期（1 为周一，7 为周日）", date.isoweekday),
    Function(
        "date", (Param("value", ("text", "datetime", "date")),), DATE,
        Text("The date in a text, or the calendar day of a moment.", "文本中的日期，或时间所在的日历日。"),
        'date("2026-04-01")', _date, nulls="pass", needs_env=True, folds=True,
    ),
    Function(
        "time", (Param("value", ("text", "datetime")),), TIME,
        Text("The time of day in a text, or of a moment in the branch.", "文本中的时刻，或时间在门店当地的时刻。"),
        'time("20:45")', _time, nulls="pass", needs_env=True, folds=True,
    ),
    Function(
        "datetime", (Param("value", ("text",)),), DATETIME,
        Text("The moment in a text, in branch time.", "文本中的时间（门店当地时间）。"),
        'datetime("2026-03-07 20:45")', _datetime, nulls="pass", needs_env=True,
    ),
    Function(
        "duration", (Param("text", ("text",)),), DURATION, Text("The duration in a text.", "文本中的时长。"),
        'duration("20m")', _duration, nulls="pass", folds=True,
    ),
    _calendar("at", (_DAY, Param("time", ("time",))), DATETIME, "The moment of a time of day of a business day.",
              "营业日某一时刻的时间。", "at(self.night, settings.hold_until)"),
    _calendar("after", (_MOMENT, Param("duration", ("duration",))), _moved,
              "Where a duration ends: hours from the exact moment, days and working days at 24:00.",
              "时长的终点：小时从该时刻起算，天与工作日到 24:00。", "after(self.asked_at, settings.reply_within)"),
    _calendar("after_working", (Param("moment", ("datetime",)), Param("duration", ("duration",))), DATETIME,
              "Where hours and minutes of working time end: opening hours, on working days only.",
              "按工作时间计时的终点：只计工作日的营业时间。", "after_working(self.asked_at, settings.reply_within)"),
    _calendar("start_of", (_DAY,), DATETIME, "The moment a business day starts.", "营业日开始的时间。",
              "start_of(self.opens)"),
    _calendar("end_of", (_DAY,), DATETIME, "The moment a business day ends.", "营业日结束的时间。", "end_of(self.due)"),
    _calendar("closing", (_DAY,), DATETIME, "The moment the business closes that day.", "当日打烊的时间。",
              "closing(self.night)"),
    _calendar("last_workday", (_DAY,), DATE, "The last working day of that month.", "当月最后一个工作日。",
              "last_workday(self.month)"),
    _calendar("first_workday", (_DAY,), DATE, "The first working day of that month.", "当月第一个工作日。",
              "first_workday(self.month)"),
    _calendar("nth_workday", (_DAY, Param("n", ("int",))), DATE, "The nth working day of that month.",
              "当月第 n 个工作日。", "nth_workday(self.month, 5)"),
    _calendar("nth_day", (_DAY, Param("n", ("int",))), DATE, "The nth day of that month, or its last day.",
              "当月第 n 日，不足则为月末。", "nth_day(self.month, 25)"),
    _calendar("workdays", (Param("first", ("date",)), Param("last", ("date",))), INT,
              "How many working days there are from one day to another.", "两日之间的工作日天数。",
              "workdays(self.opens, self.due)"),
    _calendar("is_workday", (_DAY,), BOOL, "Whether people work that day.", "当天是否为工作日。", "is_workday(today)"),
    _calendar("is_holiday", (_DAY,), BOOL, "Whether it is a holiday; a plain weekend is not.",
              "当天是否为节假日（普通周末不算）。", "is_holiday(self.day)"),
    Function(
        "today_of", (Param("moment", ("datetime",)),), DATE,
        Text("The business day a moment belongs to.", "时间所属的营业日。"), "today_of(self.booked_at)",
        _business_day, nulls="pass", needs_env=True,
    ),
    Function(
        "period_of", (Param("name", ("text",)), _MOMENT), PERIOD,
        Text("The day, week, month, quarter or year a day is in.", "某日所在的日、周、月、季或年。"),
        'period_of("month", self.day)', _period_of, needs_env=True,
    ),
    Function(
        "in_period", (_MOMENT, Param("period", ("period",))), BOOL,
        Text("The same as `moment in period`.", "同 `moment in period`。"), "in_period(self.day, period)",
        lambda env, moment, period: in_period(moment, period, env), needs_env=True,
    ),
    Function(
        "days_between", (Param("first", DAYS), Param("last", DAYS)), INT,
        Text("The days from the first to the last; negative when it is earlier.", "从前者到后者的天数，倒序为负。"),
        "days_between(self.last_visit, today)", _days_between, needs_env=True, sql=True,
    ),
    Function(
        "minutes_between", (Param("first", ("datetime",)), Param("last", ("datetime",))), INT,
        Text("The full minutes from the first moment to the last.", "从前者到后者的整分钟数。"),
        "minutes_between(self.asked_at, now)", _minutes_between,
    ),
)  # fmt: skip

WORLD = (
    _world("balance", (Param("ledger", ("text",), known="ledger"), Param("account", ("record",)),
                       Param("state", ("text",), optional=True)), DECIMAL,
           "The sum of an account's entries in a ledger.", "账户在台账中的余额。", 'balance("credit", self.booker)'),
    _world("on_duty", (_STAFF, Param("day", DAYS, optional=True)), BOOL, "Whether the person is on duty that day.",
           "该员工当日是否当班。", "on_duty(staff, today)"),
    _world("is_away", (_STAFF, Param("moment", ("datetime",), optional=True)), BOOL,
           "Whether the person is absent at that moment.", "该员工此刻是否缺勤外出。", "is_away(self.manager)"),
    _world("waiting_since", (_STAFF, Param("dispatch", ("text",), known="dispatch")), DURATION,
           "How long ago a dispatch policy last chose the person; longest for who never had a turn.",
           "距派单规则上次选中该员工的时长，从未轮到者最长。", 'waiting_since(staff, "designer_turn")'),
    _world("holds_role", (_STAFF, Param("role", ("text",), known="role")), BOOL, "Whether the person holds a role.",
           "该员工是否任该岗位。", 'holds_role(self.owner, "designer")'),
    _world("report", (Param("report", ("text",), known="report"), Param("figure", ("text",)),
                      Param("row", optional=True)), DECIMAL,
           "A figure of a report for the period that today is in; with a third value that of one row.",
           "报表在当前期间的指标；带第三个参数时为其中一行的值。", 'report("daily", "arrived")'),
    _world("sent", (Param("notice", ("text",), known="notice"),), INT, "How often a notice was sent.",
           "某通知的发送次数。", 'sent("hold_ending")'),
    _world("ranking", (Param("dispatch", ("text",), known="dispatch"), Param("record", ("record",))),
           Kind("list", item=Kind("record", record="core.staff")),
           "The candidates of a dispatch policy, best first.", "派单规则的候选人，按先后排列。",
           'ranking("designer_turn", p)'),
)  # fmt: skip
