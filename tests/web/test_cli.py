"""The command line: what it does, what it prints, and how it ends."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from click.testing import Result

from engine import database
from processes import calendars
from tests.web.conftest import PASSWORD
from web import cli
from web import doctor
from web import settings as settings_module

FIELDS = {
    "ticket_no": "RX-1",
    "type": "投诉",
    "title": "路灯不亮",
    "content": "人民路路灯不亮。",
    "assigned_on": "2026-03-02",
    "caller_name": "张三",
    "caller_phone": "13812345678",
}


@pytest.fixture
def ducha(settings: settings_module.Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a command in the office of this test."""
    monkeypatch.setenv("DUCHA_HOME", str(settings.home))
    monkeypatch.setenv("DUCHA_DEMO_PASSWORD", PASSWORD)
    monkeypatch.setenv("DUCHA_DATABASE_URL", settings.database_url)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli.main, arguments)

    return run


def test_every_command_has_help_in_chinese(ducha: Any) -> None:
    """Each says in a sentence what it is for."""
    assert isinstance(cli.main, click.Group)
    for name in cli.main.commands:
        told = ducha(name, "--help")

        assert 0 == told.exit_code
        assert any("一" <= character <= "龥" for character in told.stdout), name


def test_the_demo_says_who_can_sign_in(ducha: Any) -> None:
    """Role, name and account of everybody, and the password; doing it twice is safe."""
    told = ducha("demo")

    assert 0 == told.exit_code, told.output
    assert "督查专员" in told.stdout
    assert "dc_officer" in told.stdout
    assert PASSWORD in told.stdout
    listed = json.loads(ducha("demo", "--json").stdout)
    assert {"role": "mayor", "name": "王县长", "account": "mayor"} in listed["accounts"]


def test_a_matter_is_started_and_worked_on_from_the_command_line(ducha: Any) -> None:
    """Start → tasks → complete, each readable by a program."""
    fields = json.dumps(FIELDS)
    started = json.loads(
        ducha(
            "start",
            "proc_mayor_hotline",
            "--person",
            "dc_registrar",
            "--fields",
            fields,
            "--json",
        ).stdout
    )
    assert started["number"].startswith("411426-")
    (task,) = json.loads(ducha("tasks", "--person", "dc_officer", "--json").stdout)
    assert ("拟办", started["number"]) == (task["name"], task["number"])
    proposal = json.dumps({"opinion": "拟", "lead_unit": "zjj", "requirement": "修"})

    done = ducha("complete", task["id"], "--person", "dc_officer", "--fields", proposal)

    assert 0 == done.exit_code, done.output
    assert [] == json.loads(ducha("tasks", "--person", "dc_officer", "--json").stdout)


def test_what_is_refused_ends_with_one_and_says_why(ducha: Any) -> None:
    """The reason stands on standard error, field by field."""
    refused = ducha("start", "proc_mayor_hotline", "--person", "dc_registrar")

    assert 1 == refused.exit_code
    assert "ticket_no" in refused.stderr
    assert "" == refused.stdout


def test_someone_elses_task_is_refused(ducha: Any) -> None:
    """The command line is no way around the rules."""
    ducha(
        "start",
        "proc_mayor_hotline",
        "--person",
        "dc_registrar",
        "--fields",
        json.dumps(FIELDS),
    )
    (task,) = json.loads(ducha("tasks", "--person", "dc_officer", "--json").stdout)

    refused = ducha("complete", task["id"], "--person", "mayor")

    assert 1 == refused.exit_code
    assert "不由您办理" in refused.stderr


def version(name: str, *ids: str) -> str:
    """Return a diagram in which the officer does tasks one after the other."""
    places = ["start", *ids, "end"]
    tasks = "".join(
        f'<userTask id="{one}" name="{name}" camunda:candidateGroups="dc_officer"/>'
        for one in ids
    )
    arrows = "".join(
        f'<sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>'
        for n, (a, b) in enumerate(itertools.pairwise(places))
    )
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:x">'
        '<process id="memo" isExecutable="true"><startEvent id="start"/>'
        f'{tasks}<endEvent id="end"/>{arrows}</process></definitions>'
    )


@pytest.fixture
def two_versions(ducha: Any, tmp_path: Path) -> str:
    """A procedure in two versions, and the id of an instance of the first."""
    file = tmp_path / "memo.bpmn"
    file.write_text(version("拟稿", "draft"), "utf-8")
    ducha("deploy", str(file))
    started = ducha("start", "memo", "--person", "dc_officer", "--json")
    file.write_text(version("起草", "write", "sign"), "utf-8")
    ducha("deploy", str(file))
    return str(json.loads(started.stdout)["instance"])


def test_two_versions_are_compared(ducha: Any, two_versions: str) -> None:
    """A sentence for each element, or a value for programs."""
    told = ducha("compare", "memo", "1", "2")

    assert 0 == told.exit_code, told.output
    assert "新增用户任务“起草”（write）。" in told.stdout.splitlines()
    found = json.loads(ducha("compare", "memo", "1", "2", "--json").stdout)
    assert ("draft", "removed") in [(c["id"], c["kind"]) for c in found["changes"]]
    assert "没有第 3 版" in ducha("compare", "memo", "1", "3").stderr


def test_instances_are_migrated_after_a_dry_run(ducha: Any, two_versions: str) -> None:
    """Refused without a mapping, possible with one, done once only."""
    refused = ducha("migrate", "memo", "--to", "2", "--json")
    assert 1 == refused.exit_code
    (verdict,) = json.loads(refused.stdout)
    assert (two_versions, False) == (verdict["instance_id"], verdict["possible"])
    assert "draft" == verdict["obstacles"][0]["element_id"]

    mapped = ("migrate", "memo", "--to", "2", "--map", "draft=write")
    planned = ducha(*mapped, "--dry-run")
    assert "共 1 件，可以改到第 2 版 1 件。" in planned.stdout
    done = ducha(*mapped, "--person", "dc_officer")
    assert 0 == done.exit_code, done.output
    assert "共 1 件，已改到第 2 版 1 件。" in done.stdout
    assert "共 0 件" in ducha(*mapped).stdout
    (task,) = json.loads(ducha("tasks", "--person", "dc_officer", "--json").stdout)
    assert "起草" == task["name"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("migrate", "memo", "--to", "2", "--map", "draft"),
        ("start",),
        ("start", "x", "--person", "mayor", "--fields", "{"),
        ("start", "x", "--person", "mayor", "--fields", "[]"),
        ("no-such-command",),
    ],
)
def test_wrong_usage_ends_with_two(ducha: Any, arguments: tuple[str, ...]) -> None:
    """It is told apart from what is refused."""
    assert 2 == ducha(*arguments).exit_code


def test_a_broken_diagram_is_named_with_its_file(ducha: Any, tmp_path: Path) -> None:
    """Validate ends with one and says where."""
    broken = tmp_path / "broken.bpmn"
    broken.write_text("<a>")

    told = ducha("validate", str(broken))

    assert 1 == told.exit_code
    assert "broken.bpmn" in told.output


@pytest.mark.requirement("S20")
def test_a_diagram_without_an_end_is_deployed_only_knowingly(
    ducha: Any, tmp_path: Path
) -> None:
    """Refused by the name of the process; whoever wants it says so."""
    file = tmp_path / "memo.bpmn"
    file.write_text(version("拟稿", "draft").replace("endEvent", "task"), "utf-8")

    refused = ducha("deploy", str(file))

    assert 1 == refused.exit_code
    assert "“memo”没有画结束事件" in refused.output
    assert 0 == ducha("deploy", "--with-warnings", str(file)).exit_code


def test_the_shipped_procedures_are_valid(ducha: Any) -> None:
    """The catalog passes its own rules."""
    told = ducha(
        "validate", str(Path(cli.__file__).parent.parent / "processes/catalog")
    )

    assert 0 == told.exit_code, told.output


def test_the_doctor_finds_a_fresh_office_sound(ducha: Any) -> None:
    """Every subject is looked at and none is wrong."""
    told = ducha("doctor")

    assert 0 == told.exit_code, told.output
    for subject in ("密钥", "前端", "公文字体", "数据库", "日历", "岗位配置", "三员"):
        assert subject in told.stdout
    assert "故障" in told.stdout


@pytest.mark.requirement("R-04-15", "R-05-06")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "DELETE FROM post WHERE role = 'unit_deputy' AND unit = 'mzj'",
            "夏邑县民政局缺分管督查负责人",
        ),
        ("DELETE FROM post WHERE role = 'go_director'", "缺办公室主任（主要责任人）"),
        (
            "UPDATE post SET person = 'sys_admin' WHERE role = 'audit_admin'",
            "sys_admin 兼任其他岗位，三员须专人专岗",
        ),
    ],
)
def test_the_doctor_names_posts_that_are_empty_or_must_not_be_shared(
    ducha: Any, settings: settings_module.Settings, change: str, words: str
) -> None:
    ducha("demo")
    pool = database.create(settings.database_url)
    with pool.begin() as connection:
        connection.execute(sa.text(change))
    pool.dispose()

    told = ducha("doctor")

    assert 1 == told.exit_code
    assert words in told.output


@pytest.mark.requirement("R-05-05")
def test_the_doctor_names_a_year_without_a_calendar() -> None:
    """Published, reckoned from the law alone, or not there at all."""
    calendar = calendars.load()
    told = {year: doctor.calendar_year(calendar, year) for year in (2026, 2027, 2099)}

    assert told[2026].text.startswith("已发布")
    assert (True, "预排（放假安排公布后须导入）") == (told[2027].sound, told[2027].text)
    assert (False, "未导入") == (told[2099].sound, told[2099].text)


def test_the_doctor_says_when_there_is_no_database(
    ducha: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It ends with one and names the command that helps."""
    monkeypatch.setenv("DUCHA_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite")

    told = ducha("doctor")

    assert 1 == told.exit_code
    assert "ducha init" in told.output


def test_the_worker_ends_in_order_when_told_to(
    ducha: Any, settings: settings_module.Settings
) -> None:
    """SIGTERM lets it finish what it has in hand."""
    program = Path(sys.executable).parent / "ducha"
    worker = subprocess.Popen(
        [program, "worker"],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert "正在处理到期的事项" in worker.stdout.readline()
    time.sleep(0.5)
    worker.send_signal(signal.SIGTERM)
    _, problems = worker.communicate(timeout=30)

    assert (0, "") == (worker.returncode, problems)
