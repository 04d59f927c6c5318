"""The boundary: what may become a variable or the content of a form.

JSON and nothing else, because everything that enters is stored, sent to browsers
and read by expressions. A key `typename` would make a stored instance unloadable
and a key `__builtins__` would shadow the interpreter's (both measured on
SpiffWorkflow 3.2.0); NUL, lone surrogates and NaN die only in the database.
"""

import json
import math
from typing import NoReturn

from engine import errors

MAX_DEPTH = 32
MAX_BYTES = 256 * 1024
MAX_INTEGER = 2**63


class ValueRefused(errors.Invalid):
    """A value may not enter; `place` is its path, `reason` a Chinese sentence."""

    def __init__(self, place: str, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"{place}：{reason}")


def require_json(value: object, *, place: str = "变量") -> None:
    """Pass when the value is JSON within the bounds, else raise ValueRefused.

    At most 32 levels, 256 KiB in UTF-8, integers within ±2**63.
    """
    _Survey(place).visit(value, place, 1)
    encoded = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(encoded.encode()) > MAX_BYTES:
        raise ValueRefused(place, f"内容超过 {MAX_BYTES // 1024} KiB")


def parse_json(text: bytes | str, *, place: str = "内容") -> object:
    """Return the value that the JSON text writes, if it may enter.

    Duplicate keys, NaN and Infinity are refused with the rest.
    """
    if len(text) > MAX_BYTES:
        raise ValueRefused(place, f"内容超过 {MAX_BYTES // 1024} KiB")

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        result = dict(pairs)
        if len(result) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ValueRefused(place, f"名称“{twice[:40]}”出现了两次")
        return result

    def no_constant(name: str) -> NoReturn:
        raise ValueRefused(place, f"不允许 {name}")

    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        value: object = json.loads(
            decoded, object_pairs_hook=unique, parse_constant=no_constant
        )
    except UnicodeDecodeError as error:
        reason = f"第 {error.start + 1} 字节不是 UTF-8 文字"
        raise ValueRefused(place, reason) from None
    except json.JSONDecodeError as error:
        reason = f"第 {error.lineno} 行第 {error.colno} 列不是正确的 JSON"
        raise ValueRefused(place, reason) from None
    except RecursionError:
        raise ValueRefused(place, f"嵌套超过 {MAX_DEPTH} 层") from None
    except ValueError:
        # Python refuses to convert integers of more than 4 300 digits.
        raise ValueRefused(place, "整数超出范围") from None
    require_json(value, place=place)
    return value


class _Survey:
    """One visit of a value; `left` ends it early where parts are shared."""

    def __init__(self, place: str) -> None:
        self.root, self.left = place, MAX_BYTES

    def visit(self, value: object, place: str, depth: int) -> None:
        self._spend(1)
        if value is None or value is True or value is False:
            return
        kind = type(value)
        if kind is str:
            self._text(str(value), place)
        elif kind is int:
            if not -MAX_INTEGER <= value < MAX_INTEGER:  # type: ignore[operator]
                raise ValueRefused(place, "整数超出范围")
        elif kind is float:
            if not math.isfinite(value):  # type: ignore[arg-type]
                raise ValueRefused(place, "数值不是有限数")
        elif depth > MAX_DEPTH:
            raise ValueRefused(self.root, f"嵌套超过 {MAX_DEPTH} 层")
        elif isinstance(value, dict) and kind is dict:
            for key, item in value.items():
                self._key(key, place)
                self.visit(item, f"{place}.{key}", depth + 1)
        elif isinstance(value, list) and kind is list:
            for position, item in enumerate(value):
                self.visit(item, f"{place}[{position}]", depth + 1)
        else:
            raise ValueRefused(place, f"不是 JSON 值（{kind.__name__}）")

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise ValueRefused(self.root, f"内容超过 {MAX_BYTES // 1024} KiB")

    def _text(self, text: str, place: str) -> None:
        self._spend(len(text))
        if "\0" in text:
            raise ValueRefused(place, "文字里有空字符")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueRefused(place, "文字里有不完整的字符") from None

    def _key(self, key: object, place: str) -> None:
        if type(key) is not str:
            raise ValueRefused(place, f"名称应为文字，却是 {type(key).__name__}")
        self._text(key, f"{place} 的名称")
        if key == "typename" or key.startswith("__") or key.endswith("__"):
            raise ValueRefused(f"{place}.{key[:40]}", "不允许使用这个名称，请改名")
