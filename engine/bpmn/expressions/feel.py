"""The functions that FEEL itself has (DMN 1.3 §10.3.4), as far as we offer them.

Each takes first the account on which walking through lists is charged.
"""

import datetime
from collections.abc import Callable
from typing import Any

from engine.bpmn.expressions import operators


def list_contains(spend: operators.Spend, items: Any, item: Any) -> bool:
    """Say whether the list has an equal item."""
    if not isinstance(items, list | tuple):
        raise operators.Unfit(f"{operators.kind(items)}不是列表")
    spend(len(items))
    return any(operators.same(one, item, spend) for one in items)


def count(spend: operators.Spend, items: Any) -> int:
    """Return the number of items of a list."""
    if not isinstance(items, list | tuple):
        raise operators.Unfit(f"{operators.kind(items)}不是列表")
    return len(items)


def _items(spend: operators.Spend, arguments: tuple[Any, ...]) -> list[Any]:
    first = arguments[0] if len(arguments) == 1 else arguments
    items = list(first) if isinstance(first, list | tuple) else [first]
    spend(len(items))
    return items


def total(spend: operators.Spend, *arguments: Any) -> Any:
    """Add the numbers of a list or of the arguments; null for none."""
    items = _items(spend, arguments)
    amount = items[0] if items else None
    for item in items[1:]:
        amount = operators.FEEL["+"](amount, item, spend)
    if amount is not None and not operators.is_number(amount):
        raise operators.Unfit(f"sum 只能用于数字，却有{operators.kind(amount)}")
    return amount


def _extreme(sign: str) -> Callable[..., Any]:
    before = operators.FEEL[sign]

    def extreme(spend: operators.Spend, *arguments: Any) -> Any:
        items = _items(spend, arguments)
        best = items[0] if items else None
        for item in items[1:]:
            verdict = before(item, best, spend)
            if verdict is None:
                return None
            best = item if verdict else best
        return best

    return extreme


def date(spend: operators.Spend, value: Any) -> datetime.date | None:
    """Return the date that a text writes or a moment falls on, as in China."""
    found = operators.moment(value)
    if value is not None and found is None:
        raise operators.Unfit('date() 需要日期，例如 date("2026-01-01")')
    return found if found is None else operators.day(found)


def _on_texts(apply: Callable[..., Any]) -> Callable[..., Any]:
    def function(spend: operators.Spend, *texts: Any) -> Any:
        if any(not isinstance(text, str) for text in texts):
            return None
        return apply(*texts)

    return function


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _on_texts(lambda text, part: part in text),
    "starts with": _on_texts(lambda text, part: text.startswith(part)),
    "ends with": _on_texts(lambda text, part: text.endswith(part)),
    "string length": _on_texts(lambda text: len(text)),
    "list contains": list_contains,
    "count": count,
    "sum": total,
    "min": _extreme("<"),
    "max": _extreme(">"),
    "date": date,
}
