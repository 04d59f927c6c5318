"""The command line `ducha`: everything that is done without a browser."""

import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from engine import definitions
from engine import errors
from engine import migration
from engine import people
from engine import queries
from engine import scenarios
from processes import demo as demo_county
from processes import office as offices
from processes import rehearsal
from processes import requirements
from processes.simulation import year
from web import doctor
from web import labels
from web import logs
from web import office
from web import server
from web import settings as settings_module
from web import terminal

#: Files that belong to a deployment; anything else in a folder is left alone.
DEPLOYED = offices.DEPLOYED


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """督查：政府督查办公系统。退出码：0 成功，1 不能办理，2 用法有误。"""
    logs.configure()


@main.command()
@terminal.command
def init() -> dict[str, object]:
    """建立或升级数据库，部署随附的督查程序。可以重复执行。"""
    settings = settings_module.from_environment()
    office.prepared(settings)
    address = office.shown_address(settings)
    terminal.say(f"已就绪：{address}")
    return {"database": address}


@main.command()
@terminal.command
def demo() -> dict[str, object]:
    """建立演示县（夏邑县）的单位、人员和岗位，并列出可以登录的账号。"""
    settings = settings_module.from_environment()
    engine = office.prepared(settings)
    accounts = demo_county.install(engine, password=settings.demo_password)
    terminal.table(
        ("岗位", "姓名", "账号"),
        [(labels.role(one.role), one.name, one.person) for one in accounts],
    )
    terminal.say(f"密码均为：{settings.demo_password}")
    return {
        "password": settings.demo_password,
        "accounts": [
            {"role": a.role, "name": a.name, "account": a.person} for a in accounts
        ],
    }


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址。")
@click.option("--port", default=8000, show_default=True, help="监听的端口。")
@click.option("--workers", default=1, show_default=True, help="进程数（PostgreSQL）。")
def serve(host: str, port: int, workers: int) -> None:
    """启动网站；到期的事项由它自己按时处理，不必另起程序。"""
    try:
        settings = settings_module.from_environment()
        office.prepared(settings)
    except (errors.DuchaError, settings_module.BadSetting) as error:
        raise terminal.Refusal(str(error)) from error
    click.echo(f"督查系统已启动：http://{host}:{port}/ （按 Ctrl+C 停止）")
    server.Server(settings, host=host, port=port, workers=workers).run()


@main.command()
def worker() -> None:
    """只处理到期的事项，不开网站；收到 SIGTERM 后办完手头的再退出。"""
    engine = office.opened(settings_module.from_environment())
    stopped = threading.Event()
    server.on_termination(stopped.set)
    click.echo("正在处理到期的事项（按 Ctrl+C 停止）。")
    server.work(engine, stopped)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@terminal.command
def validate(paths: tuple[Path, ...]) -> dict[str, object]:
    """检查流程图、表单和决策表，逐条列出问题；有错误时退出码为 1。"""
    found = offices.judge(gathered(paths))
    if any(located.problem.severity == "error" for located in found):
        raise definitions.DeploymentRefused(found)
    terminal.report(found)
    terminal.say("没有错误，有警告。" if found else "没有错误，可以部署。")
    return {"problems": [terminal.problem_value(located) for located in found]}


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--with-warnings",
    is_flag=True,
    help="有警告也部署。没有这一项，缺结束事件、网关缺默认分支等都不予部署。",
)
@terminal.command
def deploy(paths: tuple[Path, ...], with_warnings: bool) -> dict[str, object]:
    """部署流程图、表单和决策表；在办的事项仍按原版本办理。"""
    engine = office.opened(settings_module.from_environment())
    with engine.begin() as work:
        deployment = work.deploy(gathered(paths), strict=not with_warnings)
    terminal.report(deployment.problems)
    for definition in deployment.definitions:
        terminal.say(f"已部署 {definition.key} 第 {definition.version} 版")
    return {
        "deployment": deployment.id,
        "definitions": [
            {"key": d.key, "version": d.version} for d in deployment.definitions
        ],
        "problems": [
            terminal.problem_value(located) for located in deployment.problems
        ],
    }


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@terminal.command
def simulate(paths: tuple[Path, ...]) -> list[dict[str, object]]:
    """推演情景：在演示县里照情景从头办一遍，不碰正式数据。

    写 year 而不写文件的，推演一整年：按年鉴的数量来件，全部由引擎办完。
    """
    if paths == (Path("year"),):
        return simulate_year()
    told: list[dict[str, object]] = []
    for path in scenario_files(paths):
        try:
            (trace,) = rehearsal.rehearse([path])
        except (scenarios.BadScenario, scenarios.ScenarioFailed) as error:
            terminal.say(f"未通过  {error.message}")
            told.append({"file": path.name, "passed": False, "reason": error.message})
        else:
            terminal.say(f"通过  {trace.scenario.name}（{len(trace.journal)} 条）")
            told.append({"file": path.name, "passed": True, "reason": None})
    failed = sum(not one["passed"] for one in told)
    if failed:
        if click.get_current_context().meta["ducha.json"]:
            terminal.echo_json(told)
        raise terminal.Refusal(f"{len(told)} 个情景中有 {failed} 个未通过。")
    return told


def simulate_year() -> list[dict[str, object]]:
    """Live through a year and tell its totals; a total that does not come out fails."""

    def tell(day: date, diary: year.Diary) -> None:
        terminal.say(
            f"{day:%m}月：发起 {diary.started.total()} 件，"
            f"办理 {diary.completions} 次，定时任务 {diary.jobs} 个，"
            f"{diary.seconds:.0f} 秒"
        )

    diary, counted, book = year.simulate(year.read_volumes(), tell)
    terminal.say("")
    terminal.table(
        ["项目", "年鉴", "系统", "办结"],
        [
            [one.label, str(one.expected), str(one.counted), str(one.concluded)]
            for one in counted
        ],
    )
    for title, text in book.chapters:
        terminal.say(f"【{title}】{text}")
    terminal.say(
        f"用时 {diary.seconds:.0f} 秒，办理 {diary.completions} 次，"
        f"每秒 {diary.completions / diary.seconds:.1f} 次。"
    )
    for refused, times in diary.refused.most_common():
        terminal.say(f"被拒 {times} 次：{refused}")
    told: list[dict[str, object]] = [asdict(one) for one in counted]
    wrong = [one.label for one in counted if one.expected != one.counted]
    if wrong:
        raise terminal.Refusal(f"数量不符：{'、'.join(wrong)}。")
    return told


@main.command(name="requirements")
@click.option(
    "--tests",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("tests"),
    help="测试所在的目录；没有的，只看情景。",
)
@click.option("--unshown", is_flag=True, help="只列没有证明的。")
@terminal.command
def list_requirements(tests: Path, unshown: bool) -> list[dict[str, object]]:
    """列出来源文件的每条要求由哪个情景或测试证明。"""
    listed = requirements.table(tests if tests.is_dir() else None)
    missing = requirements.unshown(listed)
    for one in missing if unshown else listed:
        shown = "、".join(one.shown_by) or one.hidden or "（没有证明）"
        terminal.say(f"{one.id}  {one.source}  {shown}")
    terminal.say(f"{len(listed)} 条要求，{len(missing)} 条没有证明。")
    return [asdict(one) for one in (missing if unshown else listed)]


@main.command()
@click.argument("key")
@click.option("--person", required=True, help="发起人的账号。")
@click.option("--fields", default="{}", help="表单内容，JSON 对象。")
@terminal.command
def start(key: str, person: str, fields: str) -> dict[str, object]:
    """以某人的身份发起一件事项。"""
    engine = office.opened(settings_module.from_environment())
    with engine.begin() as work:
        started = work.start(key, fields=terminal.json_object(fields), person=person)
    terminal.say(f"已发起：{started.business_key or started.instance_id}")
    return {"instance": started.instance_id, "number": started.business_key}


@main.command()
@click.option("--person", required=True, help="办理人的账号。")
@terminal.command
def tasks(person: str) -> list[dict[str, object]]:
    """列出某人的待办。"""
    engine = office.opened(settings_module.from_environment())
    with engine.read() as connection:
        identity = people.identity(connection, person, engine.clock.now())
        found = queries.tasks_for(connection, identity, limit=200)
    if not found:
        terminal.say("没有待办。")
        return []
    terminal.table(
        ("编号", "待办", "事项", "时限"),
        [(t.id, t.name, t.business_key or "", terminal.local(t.due_at)) for t in found],
    )
    return [
        {"id": t.id, "name": t.name, "number": t.business_key, "due_at": t.due_at}
        for t in found
    ]


@main.command()
@click.argument("task")
@click.option("--person", required=True, help="办理人的账号。")
@click.option("--fields", default="{}", help="表单内容，JSON 对象。")
@terminal.command
def complete(task: str, person: str, fields: str) -> dict[str, object]:
    """以某人的身份办理一件待办。"""
    engine = office.opened(settings_module.from_environment())
    with engine.begin() as work:
        done = work.complete_task(task, person, terminal.json_object(fields))
    terminal.say("已办理。")
    return {"instance": done.instance_id, "opened": list(done.opened)}


@main.command()
@click.argument("key")
@click.argument("before", type=int)
@click.argument("after", type=int)
@terminal.command
def compare(key: str, before: int, after: int) -> dict[str, object]:
    """逐个元素比较流程 KEY 的两个版本（BEFORE 和 AFTER 是版本号）。"""
    engine = office.opened(settings_module.from_environment())
    with engine.read() as connection:
        found, files = migration.compare(connection, engine.library, key, before, after)
    for sentence in (*found.sentences, *files):
        terminal.say(sentence)
    if not (found.changes or files):
        terminal.say("两个版本没有不同。")
    return {"changes": [asdict(change) for change in found.changes], "files": files}


@main.command()
@click.argument("key")
@click.option("--to", "version", type=int, required=True, help="改到第几版。")
@click.option("--dry-run", is_flag=True, help="只逐件判断能不能改，不作改动。")
@click.option(
    "--map", "pairs", multiple=True, help="元素的对应关系：原编号=新编号，可多次给出。"
)
@click.option("--restart-timers", is_flag=True, help="改动过的定时器重新计时。")
@click.option("--person", help="经办人的账号，记入办理记录。")
@terminal.command
def migrate(
    key: str,
    version: int,
    dry_run: bool,
    pairs: tuple[str, ...],
    restart_timers: bool,
    person: str | None,
) -> list[dict[str, object]]:
    """把流程 KEY 在办的事项改到另一版本办理；不能改的原样不动，逐件说明原因。"""
    engine = office.opened(settings_module.from_environment())
    mapping = dict(terminal.pair(text) for text in pairs)
    with engine.read() as connection:
        instance_ids = migration.candidates(connection, key, version)
    verdicts = engine.migrate_all(
        instance_ids,
        version,
        mapping,
        person=person,
        restart_timers=restart_timers,
        dry_run=dry_run,
    )
    for verdict in verdicts:
        told = "可以" if dry_run else "已改"
        state = told if verdict.possible else "不能"
        terminal.say(f"{state}  {verdict.business_key or verdict.instance_id}")
        for reason in (*(one.message for one in verdict.obstacles), *verdict.effects):
            terminal.say(f"      {reason}")
    possible = sum(verdict.possible for verdict in verdicts)
    what = "可以改" if dry_run else "已改"
    terminal.say(f"共 {len(verdicts)} 件，{what}到第 {version} 版 {possible} 件。")
    values_ = [{**asdict(one), "possible": one.possible} for one in verdicts]
    if not dry_run and possible < len(verdicts):
        if click.get_current_context().meta["ducha.json"]:
            terminal.echo_json(values_)
        raise terminal.Refusal(f"有 {len(verdicts) - possible} 件不能改，已原样保留。")
    return values_


@main.command(name="doctor")
@terminal.command
def diagnose() -> list[dict[str, object]]:
    """检查数据库、日历、字体、前端、密钥和停滞的事项。"""
    findings = doctor.examine(settings_module.from_environment())
    for finding in findings:
        terminal.say(
            f"{'正常' if finding.sound else '异常'}  {finding.subject}：{finding.text}"
        )
    if not all(finding.sound for finding in findings):
        raise terminal.Refusal("有异常，请按上面的提示处理。")
    return [vars(finding) for finding in findings]


def gathered(paths: Sequence[Path]) -> dict[str, bytes]:
    """Return the content of all deployable files below the paths, by name."""
    files: dict[str, bytes] = {}
    for path in paths:
        if not path.exists():
            raise terminal.Refusal(f"没有这个文件或目录：{path}")
        below = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in below:
            if file.is_file() and (file == path or file.suffix in DEPLOYED):
                # A folder's files keep its name: templates are found by their path.
                name = file.relative_to(path.parent).as_posix()
                if name in files:
                    raise terminal.Refusal(f"有两个文件同名，请改名：{file}")
                try:
                    files[name] = file.read_bytes()
                except OSError as error:
                    raise terminal.Refusal(
                        f"文件读不出来，请核对权限：{file}"
                    ) from error
    if not files:
        raise terminal.Refusal(f"没有可以部署的文件（{'、'.join(sorted(DEPLOYED))}）。")
    return files


def scenario_files(paths: Sequence[Path]) -> list[Path]:
    """Return the scenarios at or below the paths, without the passages they use."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise terminal.Refusal(f"没有这个文件或目录：{path}")
        below = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        found += [file for file in below if file.parent.name != scenarios.PASSAGES]
    if not found:
        raise terminal.Refusal("没有可以推演的情景（.yaml）。")
    return found
