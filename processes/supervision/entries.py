"""What people and other systems filled in, read field by field.

The form has refused most of what is wrong before; these readers refuse the rest by
the name of the field, so that no record depends on a form being right.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import date

from engine import errors

Entries = Mapping[str, object]
LONGEST_TEXT = 20_000


def text(entries: Entries, key: str, *, longest: int = LONGEST_TEXT) -> str:
    """Return a text that must be there, without the blanks around it."""
    value = optional_text(entries, key, longest=longest)
    if not value:
        raise refusal(key, "不能为空。")
    return value


def optional_text(entries: Entries, key: str, *, longest: int = LONGEST_TEXT) -> str:
    """Return a text, or the empty one."""
    value = entries.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise refusal(key, "应填文字。")
    if len(value) > longest:
        raise refusal(key, f"不得超过{longest}字。")
    return value.strip()


def choice(entries: Entries, key: str, allowed: Sequence[str]) -> str:
    """Return one of the allowed texts."""
    value = text(entries, key)
    if value not in allowed:
        raise refusal(key, f"只能是{'、'.join(allowed)}。")
    return value


def choices(entries: Entries, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """Return some of the allowed texts, each once, possibly none."""
    value = entries.get(key) or []
    if not isinstance(value, list) or any(one not in allowed for one in value):
        raise refusal(key, f"只能从{'、'.join(allowed)}中选择。")
    return tuple(dict.fromkeys(value))


def optional_day(entries: Entries, key: str) -> date | None:
    """Return a day written as 2026-04-29, or None."""
    value = optional_text(entries, key, longest=40)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise refusal(key, "日期应写成 2026-04-29。") from error


def day(entries: Entries, key: str) -> date:
    """Return a day that must be there."""
    value = optional_day(entries, key)
    if value is None:
        raise refusal(key, "请填写日期。")
    return value


def optional_whole(
    entries: Entries, key: str, *, least: int, largest: int
) -> int | None:
    """Return a whole number within bounds, or None."""
    value = entries.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusal(key, "应填整数。")
    if not least <= value <= largest:
        raise refusal(key, f"应在{least}到{largest}之间。")
    return value


def flag(entries: Entries, key: str) -> bool:
    """Return whether a box is ticked."""
    value = entries.get(key, False)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise refusal(key, "应为是或否。")
    return value


def rows(entries: Entries, key: str) -> list[Entries]:
    """Return the rows of a list of groups, those left wholly blank dropped."""
    value = entries.get(key) or []
    if not isinstance(value, list) or any(not isinstance(one, dict) for one in value):
        raise refusal(key, "格式不正确。")
    return [row for row in value if any(row.values())]


def number(variables: Mapping[str, object], key: str) -> int:
    """Return the id of a record that a variable of the instance carries."""
    value = variables.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise errors.DuchaError(f"流程变量“{key}”不是记录编号。", variable=key)
    return value


def refusal(key: str, message: str, *, rule: str | None = None) -> errors.Invalid:
    """Return the error that names the field, what is wrong, and the rule it breaks."""
    return errors.Invalid(fields={key: [ruled(message, rule)]})


@contextmanager
def under(rule: str) -> Iterator[None]:
    """Name the rule in every refusal of a field inside that names none of its own.

    Also stands before a function whose fields all rest on one rule.
    """
    try:
        yield
    except errors.Invalid as refused:
        refused.fields = {
            key: [one if one.endswith("）") else ruled(one, rule) for one in told]
            for key, told in refused.fields.items()
        }
        raise


def ruled(message: str, rule: str | None) -> str:
    """Return the sentence with the id of the rule that it rests on."""
    return f"{message}（{rule}）" if rule else message
