"""What `ducha doctor` looks at: each finding says what is wrong and what to do."""

import stat
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import database
from engine import errors
from engine import tables
from engine import workdays
from engine.engine import Engine
from processes import fonts
from processes.supervision import access
from processes.supervision.statistics import registers
from web import assets
from web import office
from web import settings as settings_module


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    sound: bool
    text: str


def examine(settings: settings_module.Settings) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too."""
    findings = list(installation(settings))
    try:
        pool = database.create(settings.database_url)
        findings += contents(pool, office.opened(settings))
    except (errors.DuchaError, sa.exc.SQLAlchemyError) as error:
        text = f"不能使用（{type(error).__name__}），请先运行 ducha init"
        findings.append(Finding("数据库", False, text))
    return findings


def installation(settings: settings_module.Settings) -> Iterator[Finding]:
    """Look at the files that setting up has to leave behind."""
    secret = settings.home / "secret"
    if secret.exists():
        mode = stat.S_IMODE(secret.stat().st_mode)
        text = f"文件权限 {mode:o}" + ("" if mode == 0o600 else "，应为 600")
        yield Finding("密钥", mode == 0o600, text)
    else:
        yield Finding("密钥", True, "由 DUCHA_SECRET_KEY 给出")
    yield attempt("前端", lambda: f"{len(assets.read_manifest(assets.DIST))} 个入口")
    yield attempt("公文字体", packed_fonts)


def packed_fonts() -> str:
    """Return how many typefaces documents may use; raises where there are none."""
    found = [
        font
        for path in fonts.font_paths()
        for font in path.iterdir()
        if font.suffix.lower() in {".ttf", ".otf", ".ttc"}
    ]
    if not found:
        raise FileNotFoundError("没有中文字体，文书会印成空白，请运行 make setup")
    return f"{len(found)} 个字体文件"


def attempt(subject: str, look: Callable[[], str]) -> Finding:
    """Return what looking found, or why it could not be done."""
    try:
        return Finding(subject, True, look())
    except (OSError, RuntimeError) as error:
        return Finding(subject, False, str(error))


def contents(pool: sa.Engine, engine: Engine) -> Iterator[Finding]:
    """Look at the database: its schema, its calendar, what has come to a halt."""
    missing = database.missing_revisions(pool)
    text = f"缺少 {len(missing)} 次升级，请运行 ducha init" if missing else "结构为最新"
    yield Finding("数据库", not missing, text)
    if missing:
        return
    today = workdays.Calendar.local_date(engine.clock.now())
    for number in (today.year, today.year + 1):
        yield calendar_year(engine.calendar, number)
    with engine.read() as connection:
        halted = connection.scalar(
            sa.select(sa.func.count())
            .select_from(tables.incident)
            .where(tables.incident.c.resolved_at.is_(None))
        )
        late = connection.scalar(
            sa.select(sa.func.count())
            .select_from(tables.job)
            .where(
                tables.job.c.status == "due", tables.job.c.due_at < engine.clock.now()
            )
        )
        yield posts(connection, engine.clock.now())
        yield guardians(connection, engine.clock.now())
    yield Finding("故障", not halted, f"{halted} 起未处理")
    # Just due is the ordinary state of a server that is stopped.
    yield Finding("到期作业", True, f"{late} 项等待处理")


def posts(connection: sa.Connection, now: datetime) -> Finding:
    """Look for units without their posts (R-04-15: 缺配置时报警)."""
    missing = [f"{unit}缺{post}" for unit, post in registers.vacant(connection, now)]
    return Finding("岗位配置", not missing, "、".join(missing) or "应设岗位齐全")


def guardians(connection: sa.Connection, now: datetime) -> Finding:
    """Look for a guardian who holds any other post (R-05-06: 三员分立)."""
    post = tables.post.c
    held: dict[str, set[str]] = {}
    for person, role in connection.execute(
        sa.select(post.person, post.role).where(
            post.starts_at <= now,
            sa.or_(post.ends_at.is_(None), post.ends_at > now),
        )
    ):
        held.setdefault(person, set()).add(role)
    mixed = sorted(
        person
        for person, roles in held.items()
        if roles & access.GUARDIANS and len(roles) > 1
    )
    text = f"{'、'.join(mixed)} 兼任其他岗位，三员须专人专岗" if mixed else "专人专岗"
    return Finding("三员", not mixed, text)


def calendar_year(calendar: workdays.Calendar, number: int) -> Finding:
    """Look at one year of the working-day calendar."""
    year = calendar.years.get(number)
    if year is None:
        return Finding(f"{number}年日历", False, "未导入")
    if year.status == "provisional":
        return Finding(f"{number}年日历", True, "预排（放假安排公布后须导入）")
    return Finding(f"{number}年日历", True, f"已发布（{year.source}）")
