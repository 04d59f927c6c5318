"""What the operators of expressions mean: coercion, comparison, arithmetic.

JUEL follows the Expression Language 3.0 §1.17-1.20 where Camunda 7 diagrams rely
on it. We depart in three places, each towards what a reader expects: `+` joins
when both sides are text or one is no number; a text that is no number is unequal
to a number instead of an error; members of numbers and texts do not exist.
FEEL (DMN 1.3 §10.3) answers null where it cannot compare; arithmetic on what is no
number is an error there too, because a silent null would choose a wrong branch.

Numbers are int or float; fractions are computed in decimal, so 0.1 + 0.2 = 0.3.
Moments are aware datetimes or their ISO 8601 texts and compare with each other; a
date compares with a moment by the day in China.
"""

import datetime
import decimal
import math
import operator
import re
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

MAX_NUMBER = 10**18
MAX_TEXT = 100_000
MAX_DEPTH = 64

_CHINA = datetime.timezone(datetime.timedelta(hours=8))
_DECIMAL = decimal.Context(prec=28, traps=[])
_NUMERIC = re.compile(r"\s*[+-]?[0-9]{1,30}(\.[0-9]{1,30})?\s*", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KINDS: dict[type, str] = {
    bool: "是/否值", int: "数字", float: "数字", str: "文字", type(None): "空值",
    list: "列表", tuple: "列表", dict: "对象",
    datetime.datetime: "时间", datetime.date: "日期",
}  # fmt: skip

Spend = Callable[[int], None]


class Unfit(Exception):
    """An operator cannot take these operands; the evaluator adds the place."""


def kind(value: object) -> str:
    """Name the kind of a value in Chinese."""
    return _KINDS.get(type(value), "对象" if isinstance(value, Mapping) else "其他值")


def is_number(value: object) -> bool:
    """Say whether the value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def bounded(value: Any) -> Any:
    """Return the number or text unless it is too large to go on with."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise Unfit(f"文字超过 {MAX_TEXT} 个字符")
    elif isinstance(value, float) and not math.isfinite(value):
        raise Unfit("数值不是有限数")
    elif abs(value) > MAX_NUMBER:
        raise Unfit("数值超过 10 的 18 次方")
    return value


def _parsed(text: str) -> int | float | None:
    if not _NUMERIC.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def number(value: Any) -> int | float:
    """Return the number in the value, as JUEL coerces: null is 0."""
    if is_number(value):
        return value
    if value is None:
        return 0
    parsed = _parsed(value) if isinstance(value, str) else None
    if parsed is None:
        raise Unfit(f"{kind(value)}不能用来计算")
    return parsed


def text(value: Any, spend: Spend) -> str:
    """Return the value as people read it: lists joined by 、, null empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_NUMBER:
        return str(int(value))
    if isinstance(value, int):
        return str(bounded(value))
    if isinstance(value, str | float):
        return str(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        spend(len(value))
        if any(isinstance(item, list | tuple | Mapping) for item in value):
            raise Unfit("列表里还有列表或对象，不能写成文字")
        return str(bounded("、".join([text(item, spend) for item in value])))
    raise Unfit(f"{kind(value)}不能写成文字")


# -- arithmetic ----------------------------------------------------------------


def _calculate(sign: str, left: int | float, right: int | float) -> int | float:
    if isinstance(left, int) and isinstance(right, int) and sign in "+-*":
        bounded(left), bounded(right)
        return bounded(_WHOLE[sign](left, right))
    if sign in "/%" and right == 0:
        raise Unfit("不能除以零")
    first, second = (decimal.Decimal(repr(bounded(side))) for side in (left, right))
    result = _FRACTIONAL[sign](first, second)
    if not result.is_finite():
        raise Unfit("数值不是有限数")
    whole = isinstance(left, int) and isinstance(right, int) and result % 1 == 0
    return bounded(int(result) if whole else float(result))


_WHOLE: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
}  # fmt: skip
_FRACTIONAL: dict[
    str, Callable[[decimal.Decimal, decimal.Decimal], decimal.Decimal]
] = {
    "+": _DECIMAL.add, "-": _DECIMAL.subtract, "*": _DECIMAL.multiply,
    "/": _DECIMAL.divide, "%": _DECIMAL.remainder,
}  # fmt: skip


def juel_add(left: Any, right: Any, spend: Spend) -> Any:
    """Add numbers; join texts."""
    sides = (left, right)
    if isinstance(left, str) or isinstance(right, str):
        # A number and a numeric text add, as in EL; anything else is read as text.
        adds = any(map(is_number, sides)) and all(
            is_number(side) or (isinstance(side, str) and _parsed(side) is not None)
            for side in sides
        )
        if not adds:
            return bounded(text(left, spend) + text(right, spend))
    elif isinstance(left, datetime.date) or isinstance(right, datetime.date):
        raise Unfit("时间不能直接相加，请用登记过的函数")
    return _calculate("+", number(left), number(right))


def _juel_arithmetic(sign: str) -> Callable[[Any, Any, Spend], Any]:
    def calculate(left: Any, right: Any, spend: Spend) -> Any:
        return _calculate(sign, number(left), number(right))

    return calculate


def _feel_arithmetic(sign: str) -> Callable[[Any, Any, Spend], Any]:
    def calculate(left: Any, right: Any, spend: Spend) -> Any:
        if left is None or right is None:
            return None
        if is_number(left) and is_number(right):
            return _calculate(sign, left, right)
        if sign == "+" and isinstance(left, str) and isinstance(right, str):
            return bounded(left + right)
        raise Unfit(f"{kind(left)}和{kind(right)}之间不能用“{sign}”")

    return calculate


def negate(value: Any) -> Any:
    """Return the opposite number, as JUEL coerces."""
    return -bounded(number(value))


def feel_negate(value: Any) -> Any:
    """Return the opposite number; null stays null."""
    if value is None:
        return None
    if not is_number(value):
        raise Unfit(f"{kind(value)}前不能有负号")
    return -bounded(value)


# -- comparison ----------------------------------------------------------------


def moment(value: Any) -> datetime.date | None:
    """Return the datetime or date that the value is or writes, else None."""
    if isinstance(value, datetime.date):
        if isinstance(value, datetime.datetime) and value.tzinfo is None:
            raise Unfit("时间缺少时区")
        return value
    if not isinstance(value, str) or not 10 <= len(value) <= 32 or value[4] != "-":
        return None
    try:
        if _DAY.fullmatch(value):
            return datetime.date.fromisoformat(value)
        if _MOMENT.fullmatch(value):
            return datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
    return None


def _moments(left: Any, right: Any) -> tuple[Any, Any] | None:
    first, second = moment(left), moment(right)
    if first is None or second is None:
        return None
    exact = [isinstance(side, datetime.datetime) for side in (first, second)]
    if all(exact):
        return first, second
    return day(first), day(second)


def day(value: datetime.date) -> datetime.date:
    """Return the day in China on which a moment falls."""
    if not isinstance(value, datetime.datetime):
        return value
    try:
        return value.astimezone(_CHINA).date()
    except OverflowError:
        raise Unfit("时间超出范围") from None


def same(left: Any, right: Any, spend: Spend, depth: int = 0) -> bool:
    """Say whether two values are equal without coercion, lists and objects inside too.

    1 and 1.0 are equal, 1 and true are not; moments are equal at one instant.
    """
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, str) and isinstance(right, str) and left == right:
        return True
    if depth > MAX_DEPTH:
        raise Unfit(f"值的嵌套超过 {MAX_DEPTH} 层")
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if len(left) != len(right):
            return False
        spend(len(left))
        pairs = zip(left, right, strict=True)
        return all(same(a, b, spend, depth + 1) for a, b in pairs)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        spend(len(left))
        return left.keys() == right.keys() and all(
            same(value, right[key], spend, depth + 1) for key, value in left.items()
        )
    pair = _moments(left, right)
    if pair is not None:
        return bool(pair[0] == pair[1])
    return left is None and right is None


def juel_equal(left: Any, right: Any, spend: Spend) -> bool:
    """Compare as EL does: a number coerces a numeric text, a boolean its word."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right or same(left, right, spend)
    for one, other in ((left, right), (right, left)):
        if isinstance(other, str):
            if isinstance(one, bool):
                return other.lower() == ("true" if one else "false")
            if is_number(one):
                return _parsed(other) == one
    return same(left, right, spend)


def juel_unequal(left: Any, right: Any, spend: Spend) -> bool:
    """Say the opposite of `juel_equal`."""
    return not juel_equal(left, right, spend)


def feel_unequal(left: Any, right: Any, spend: Spend) -> bool:
    """Say the opposite of `same`."""
    return not same(left, right, spend)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _juel_order(sign: str) -> Callable[[Any, Any, Spend], bool]:
    compare = _ORDERS[sign]

    def ordered(left: Any, right: Any, spend: Spend) -> bool:
        if is_number(left) and is_number(right):
            return compare(left, right)
        if left is None or right is None:
            return left is right and sign in ("<=", ">=")
        if is_number(left) or is_number(right):
            return compare(number(left), number(right))
        return _ordered(compare, left, right)

    return ordered


def _ordered(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    pair = _moments(left, right)
    if pair is not None:
        return compare(*pair)
    if isinstance(left, str) and isinstance(right, str):
        return compare(left, right)
    raise Unfit(f"{kind(left)}和{kind(right)}不能比较大小")


def _feel_order(sign: str) -> Callable[[Any, Any, Spend], bool | None]:
    compare = _ORDERS[sign]

    def ordered(left: Any, right: Any, spend: Spend) -> bool | None:
        if is_number(left) and is_number(right):
            return compare(left, right)
        try:
            return _ordered(compare, left, right)
        except Unfit:
            return None

    return ordered


Operator = Callable[[Any, Any, Spend], Any]

JUEL: dict[str, Operator] = {
    "=": juel_equal, "!=": juel_unequal, "+": juel_add,
    **{sign: _juel_arithmetic(sign) for sign in "-*/%"},
    **{sign: _juel_order(sign) for sign in _ORDERS},
}  # fmt: skip
FEEL: dict[str, Operator] = {
    "=": same, "!=": feel_unequal,
    **{sign: _feel_arithmetic(sign) for sign in "+-*/"},
    **{sign: _feel_order(sign) for sign in _ORDERS},
}  # fmt: skip


def juel_true(value: Any) -> bool:
    """Coerce to boolean as EL does: null is false, the words true and false count."""
    if value is True or value is False:
        return bool(value)
    if value is None:
        return False
    if isinstance(value, str) and value.lower() in ("true", "false", ""):
        return value.lower() == "true"
    raise Unfit(f"{kind(value)}不是“是”或“否”")


def empty(value: Any) -> bool:
    """Say whether the value is null, an empty text, list or object (EL §1.22)."""
    return value is None or (
        isinstance(value, str | list | tuple | Mapping) and len(value) == 0
    )
