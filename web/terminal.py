"""What commands say on a terminal: sentences, tables, JSON and refusals."""

import functools
import json
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
import sqlalchemy as sa

from engine import definitions
from engine import errors
from engine import workdays
from engine.bpmn import values
from web import settings


class Refusal(click.ClickException):
    """What was asked is not possible: exit status 1, the reason on standard error."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Print the reason without the English word click puts before it."""
        click.echo(self.message, err=True)


class WrongUsage(Refusal):
    """An option cannot be read: exit status 2."""

    exit_code = 2


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--json` and let refusals end it with status 1.

    The command returns what it did as a JSON value; without `--json` it has printed
    its sentences itself (`say`).
    """

    @click.option("--json", "as_json", is_flag=True, help="输出 JSON，供程序读取。")
    @functools.wraps(function)
    def run(as_json: bool, **options: Any) -> None:
        context = click.get_current_context()
        context.meta["ducha.json"] = as_json
        try:
            result = function(**options)
        except definitions.DeploymentRefused as error:
            report(error.problems)
            if as_json:
                echo_json({"problems": [problem_value(one) for one in error.problems]})
            raise Refusal("有错误，不能部署；请按上面的提示改正后重试。") from error
        except errors.Invalid as error:
            raise Refusal(_with_fields(error)) from error
        except (errors.DuchaError, settings.BadSetting) as error:
            raise Refusal(str(error)) from error
        except sa.exc.DBAPIError as error:
            raise Refusal(
                "数据库不可用，或者还没有建立。请先运行 ducha init；仍不行时请运行 "
                "ducha doctor 查看原因。"
            ) from error
        if as_json:
            echo_json(result)

    return run


def echo_json(value: object) -> None:
    """Print a value for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str, indent=1))


def say(text: str) -> None:
    """Print a sentence for people; programs that asked for JSON get only that."""
    if not click.get_current_context().meta.get("ducha.json"):
        click.echo(text)


def report(problems: Sequence[definitions.Located]) -> None:
    """Print problems as `file:line: 错误 [rule] message`."""
    for located in problems:
        problem = located.problem
        severity = "错误" if problem.severity == "error" else "警告"
        say(f"{located.place}: {severity} [{problem.rule}] {problem.message}")


def problem_value(located: definitions.Located) -> dict[str, object]:
    """Return a problem as a JSON value."""
    problem = located.problem
    return {
        "file": located.resource,
        "line": problem.line,
        "element": problem.element_id,
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message,
    }


def json_object(text: str) -> Mapping[str, Any]:
    """Return the JSON object given as an option; anything else is wrong usage."""
    try:
        value = values.parse_json(text, place="--fields")
    except values.ValueRefused as error:
        raise WrongUsage(error.message) from error
    if not isinstance(value, dict):
        raise WrongUsage('--fields 必须是 JSON 对象，例如 {"title": "…"}。')
    return value


def pair(text: str) -> tuple[str, str]:
    """Return the two element ids of `old=new`; anything else is wrong usage."""
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise WrongUsage(f"--map 应写成 原编号=新编号，现为“{text}”。")
    return old, new


def local(moment: datetime | None) -> str:
    """Return a moment as people in Shanghai read it."""
    return f"{moment.astimezone(workdays.SHANGHAI):%Y-%m-%d %H:%M}" if moment else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; a Chinese character is two columns wide."""
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(width(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        cells = [
            text + " " * (space - width(text))
            for text, space in zip(line, widths, strict=True)
        ]
        say("  ".join(cells).rstrip())


def width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _with_fields(error: errors.Invalid) -> str:
    lines = [f"  {key}：{' '.join(texts)}" for key, texts in error.fields.items()]
    return "\n".join([error.message, *lines])
