"""Fields of forms: what a component declares and which values it lets in.

The rules are form-js's own, so that browser and server say the same of one value:
lengths are UTF-16 units of the trimmed text, patterns are searched, `required`
fails on null, '', [] and an unticked box. Stricter than form-js on purpose: options
must be among those offered, and types are required (a browser cannot break them).
"""

import datetime
import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.bpmn import expressions
from engine.bpmn.expressions import Expression
from engine.bpmn.expressions import operators
from engine.bpmn.forms.patterns import Pattern

MAX_TEXT = 100_000
MAX_CHOICES = 500
MAX_FILES = 50

Limit = Decimal | Expression | None


@dataclass(frozen=True, slots=True)
class Options:
    """Where the options of a field come from: exactly one of the three."""

    values: tuple[object, ...] | None = None
    key: str | None = None
    expression: Expression | None = None

    def offered(
        self, facts: Mapping[str, object], context: Mapping[str, object]
    ) -> list[object] | None:
        """Return the values offered, None where nobody supplied them.

        A `key` is looked up in the context only, never among submitted values.
        """
        if self.values is not None:
            return list(self.values)
        found: object = context
        if self.expression is not None:
            found = self.expression.evaluate(facts)
        elif self.key is not None:
            for part in self.key.split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
        if not isinstance(found, list | tuple):
            return None
        return [
            item.get("value", item.get("label")) if isinstance(item, Mapping) else item
            for item in found
        ]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a field demands of its value; lengths in UTF-16 units, words in characters.

    `reason_key` names the field that excuses more than `max_words` (R-00-37).
    """

    required: bool = False
    min_length: Limit = None
    max_length: Limit = None
    min: Limit = None
    max: Limit = None
    pattern: Pattern | None = None
    pattern_message: str = ""
    validation_type: str = ""
    increment: Decimal | None = None
    decimal_digits: int | None = None
    as_text: bool = False
    subtype: str = ""
    no_past: bool = False
    max_words: Limit = None
    hard_max_words: Limit = None
    reason_key: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """An input of a form at its path; `hidden` are the conditions that hide it."""

    id: str
    type: str
    label: str
    path: tuple[str, ...]
    hidden: tuple[Expression, ...] = ()
    readonly: bool | Expression = False
    disabled: bool = False
    record_only: bool = False
    rules: Rules = Rules()
    options: Options | None = None
    formula: Expression | None = None
    #: The id of the rule that the field rests on; refusals say it.
    basis: str = ""

    def is_hidden(self, facts: Mapping[str, object]) -> bool:
        """Say whether a condition hides the field, or a group around it."""
        return any(condition.evaluate(facts) is True for condition in self.hidden)

    def is_writable(self, facts: Mapping[str, object]) -> bool:
        """Say whether people may fill the field in now."""
        if self.disabled or self.formula is not None:
            return False
        if isinstance(self.readonly, bool):
            return not self.readonly
        return self.readonly.evaluate(facts) is not True


@dataclass(frozen=True, slots=True)
class Question:
    """One value put to a field, with all that may be needed to judge it."""

    field: Field
    value: Any
    facts: Mapping[str, object]
    context: Mapping[str, object]
    now: datetime.datetime | None = None


def faults(question: Question) -> list[str]:
    """Return what is wrong with the value, in Chinese; nothing when it may enter."""
    field, value = question.field, question.value
    if value is None or value == "" or value == []:
        return [f"“{field.label}”不能为空"] if field.rules.required else []
    try:
        return _JUDGES[field.type](question)
    except expressions.ExpressionError as error:
        return [f"“{field.label}”的规则无法计算：{error}"]


def _limit(limit: Limit, question: Question) -> Decimal | None:
    if not isinstance(limit, Expression):
        return limit
    value = limit.evaluate(question.facts)
    return Decimal(str(value)) if operators.is_number(value) else None


# -- texts ---------------------------------------------------------------------


def utf16_length(text: str) -> int:
    """Return the length that JavaScript sees after trimming."""
    return len(text.strip().encode("utf-16-le", "surrogatepass")) // 2


def words(text: str) -> int:
    """Return the number of characters that are no white space (字数)."""
    return sum(not character.isspace() for character in text)


_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}"
    r"(?:\.[A-Za-z0-9-]{1,63}){0,8}"
)
_PHONE = re.compile(r"(?:\+|00)[1-9][0-9]{6,14}")


def _judge_text(question: Question) -> list[str]:
    field, value, rules = question.field, question.value, question.field.rules
    label = field.label
    if not isinstance(value, str):
        return [f"“{label}”应为文字"]
    if len(value) > MAX_TEXT:
        return [f"“{label}”超过 {MAX_TEXT} 个字符"]
    found = []
    length = utf16_length(value)
    least = _limit(rules.min_length, question)
    most = _limit(rules.max_length, question)
    if least is not None and length < least:
        found.append(f"“{label}”至少 {least} 个字符")
    if most is not None and length > most:
        found.append(f"“{label}”最多 {most} 个字符")
    if rules.pattern is not None:
        if len(value) > rules.pattern.longest:
            found.append(f"“{label}”最多 {rules.pattern.longest} 个字符")
        elif not rules.pattern.found_in(value):
            found.append(rules.pattern_message or f"“{label}”的格式不对")
    if rules.validation_type == "email" and not _EMAIL.fullmatch(value):
        found.append(f"“{label}”不是电子邮箱地址")
    if rules.validation_type == "phone" and not _PHONE.fullmatch(value):
        found.append(f"“{label}”不是国际电话号码，应写成 +86 开头")
    return found + _judge_words(question)


def _judge_words(question: Question) -> list[str]:
    label, rules = question.field.label, question.field.rules
    count = words(question.value)
    hardest = _limit(rules.hard_max_words, question)
    if hardest is not None and count > hardest:
        return [f"“{label}”有 {count} 字，不得超过 {hardest} 字"]
    most = _limit(rules.max_words, question)
    if most is None or count <= most:
        return []
    reason = question.facts.get(rules.reason_key) if rules.reason_key else None
    if isinstance(reason, str) and reason.strip():
        return []
    advice = "，超出须填写理由" if rules.reason_key else ""
    return [f"“{label}”有 {count} 字，原则上不超过 {most} 字{advice}"]


# -- numbers, boxes, choices ---------------------------------------------------

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)


def _judge_number(question: Question) -> list[str]:
    label, value, rules = question.field.label, question.value, question.field.rules
    if rules.as_text and isinstance(value, str) and _NUMBER.fullmatch(value):
        number = Decimal(value)
    elif operators.is_number(value) and not rules.as_text:
        number = Decimal(str(value))
    else:
        return [f"“{label}”应为数字"]
    if abs(number) > operators.MAX_NUMBER:
        return [f"“{label}”的数值太大"]
    least, most = _limit(rules.min, question), _limit(rules.max, question)
    if least is not None and number < least:
        return [f"“{label}”不能小于 {least}"]
    if most is not None and number > most:
        return [f"“{label}”不能大于 {most}"]
    if rules.increment and number % rules.increment != 0:
        return [f"“{label}”应为 {rules.increment} 的倍数"]
    exponent = number.normalize().as_tuple().exponent
    digits = max(0, -exponent) if isinstance(exponent, int) else 0
    if rules.decimal_digits is not None and digits > rules.decimal_digits:
        return [f"“{label}”最多 {rules.decimal_digits} 位小数"]
    return []


def _judge_checkbox(question: Question) -> list[str]:
    if not isinstance(question.value, bool):
        return [f"“{question.field.label}”应为是或否"]
    if question.field.rules.required and not question.value:
        return [f"“{question.field.label}”必须勾选"]
    return []


def _judge_choice(question: Question) -> list[str]:
    return _judge_choices(question, [question.value])


def _judge_several(question: Question) -> list[str]:
    label, chosen = question.field.label, question.value
    if not isinstance(chosen, list):
        return [f"“{label}”应为列表"]
    if len(chosen) > MAX_CHOICES:
        return [f"“{label}”最多选 {MAX_CHOICES} 项"]
    if any(_among(item, chosen[:at]) for at, item in enumerate(chosen)):
        return [f"“{label}”有重复的选项"]
    return _judge_choices(question, chosen)


def _judge_choices(question: Question, chosen: list[object]) -> list[str]:
    field = question.field
    if field.options is None:
        return [f"“{field.label}”没有可选项"]
    offered = field.options.offered(question.facts, question.context)
    if offered is None:
        return [f"“{field.label}”的可选项没有提供"]
    strange = [item for item in chosen if not _among(item, offered)]
    return [f"“{field.label}”没有选项“{str(item)[:40]}”" for item in strange[:3]]


def _among(value: object, values: list[object]) -> bool:
    if isinstance(value, str) and value in values:
        return True
    return any(operators.same(value, one, lambda operations: None) for one in values)


# -- dates and files -----------------------------------------------------------

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](Z|[+-][0-9]{2}:[0-9]{2})?")
_CHINA = datetime.timezone(datetime.timedelta(hours=8))


def _judge_datetime(question: Question) -> list[str]:
    label, value, rules = question.field.label, question.value, question.field.rules
    if rules.subtype == "time":
        right = isinstance(value, str) and _TIME.fullmatch(value)
        return [] if right else [f"“{label}”应为时间，如 09:30"]
    moment = operators.moment(value) if isinstance(value, str) else None
    exact = isinstance(moment, datetime.datetime)
    if moment is None or exact is not (rules.subtype == "datetime"):
        sample = "2026-03-01" + ("T09:30+08:00" if rules.subtype == "datetime" else "")
        return [f"“{label}”应为日期，如 {sample}"]
    if rules.no_past and question.now is not None:
        today = question.now.astimezone(_CHINA).date()
        if operators.day(moment) < today:
            return [f"“{label}”不能早于今天"]
    return []


_FILE = re.compile(r"(?:files::)?[\w.-]{1,100}", re.ASCII)


def _judge_files(question: Question) -> list[str]:
    label, value = question.field.label, question.value
    files = value if isinstance(value, list) else [value]
    if len(files) > MAX_FILES:
        return [f"“{label}”最多 {MAX_FILES} 个文件"]
    if not all(isinstance(one, str) and _FILE.fullmatch(one) for one in files):
        return [f"“{label}”不是已上传的文件"]
    return []


_JUDGES: dict[str, Callable[[Question], list[str]]] = {
    "textfield": _judge_text, "textarea": _judge_text, "number": _judge_number,
    "checkbox": _judge_checkbox, "radio": _judge_choice, "select": _judge_choice,
    "checklist": _judge_several, "taglist": _judge_several,
    "datetime": _judge_datetime, "filepicker": _judge_files,
}  # fmt: skip

INPUT_TYPES = frozenset(_JUDGES)
