"""The figures of the whole office in one table: how much, how fast, how well (§5.1)."""

import sqlalchemy as sa

from engine import workdays
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries


def sheets(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> tuple[summaries.Sheet, summaries.Sheet]:
    """Return the counts and the rates of the span, each with what it counts."""
    due = statistics.objects(connection, calendar, span)
    approved = statistics.registered(connection, calendar, span)
    took = statistics.duration(connection, calendar, span)
    counts: tuple[tuple[str, summaries.Cell, str], ...] = (
        ("立项数", len(approved), "期间登记并批准的事项（件）"),
        (
            "任务数",
            sum(statistics.mandates(connection, approved).values()),
            "立项事项分解的任务（项），与立项数两口径分列",
        ),
        ("应办数", len(due), "期间到期的承办记录和反馈期"),
        ("办结数", took.count, "期间办结的主办承办记录"),
        ("平均办理天数（自然日）", _days(took.mean_days), "下发日至办结日，扣除暂停"),
        ("中位办理天数（自然日）", _days(took.median_days), "下发日至办结日，扣除暂停"),
        ("平均办理天数（工作日）", _days(took.mean_workdays), "同上，只计工作日"),
        ("中位办理天数（工作日）", _days(took.median_workdays), "同上，只计工作日"),
    )
    rates = {
        "办结率": statistics.concluded(connection, approved),
        "按期办结率": statistics.on_time(due),
        "逾期率": statistics.overdue(due),
        "按期反馈率": statistics.fed_back_on_time(due),
        "延期率": statistics.extended(due),
        "签收及时率": statistics.acknowledged(connection, calendar, span),
        "退回率": statistics.returned(connection, calendar, span),
    }
    return (
        summaries.sheet(
            "§5.1",
            "数量与时长",
            "口径见各行",
            span,
            ("指标", "数值", "口径"),
            counts,
        ),
        summaries.sheet(
            "§5.1",
            "各项比率",
            "比率=分子/分母；分母为0显示“—”",
            span,
            ("指标", "分子", "分母", "比率", "口径"),
            (
                (name, rate.part, rate.whole, rate.percent, rate.caliber)
                for name, rate in rates.items()
            ),
            bar="比率",
        ),
    )


def _days(value: float | None) -> summaries.Cell:
    return statistics.NOTHING if value is None else round(value, 1)
