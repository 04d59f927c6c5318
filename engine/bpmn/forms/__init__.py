"""Forms of form-js (schema 19 and below): read at deployment, validated on submission.

A form that is accepted here can be validated on the server exactly; whatever could
not be (unknown components, conditions outside our FEEL, unsafe patterns, free HTML)
is refused at deployment with the field's name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from decimal import InvalidOperation
from typing import Any

from engine.bpmn import expressions
from engine.bpmn import values
from engine.bpmn.expressions import Expression
from engine.bpmn.expressions import ExpressionError
from engine.bpmn.expressions import words
from engine.bpmn.forms import fields
from engine.bpmn.forms import patterns
from engine.bpmn.forms.fields import Field
from engine.bpmn.forms.fields import Options
from engine.bpmn.forms.fields import Rules
from engine.bpmn.forms.submissions import Form
from engine.bpmn.forms.submissions import FormError
from engine.bpmn.forms.submissions import Rows
from engine.bpmn.forms.submissions import Scope
from engine.bpmn.forms.submissions import Submission

__all__ = ["Form", "FormError", "Submission", "read_form"]

MAX_SCHEMA_VERSION = 19
MAX_COMPONENTS = 500
MAX_NESTING = 10

_DISPLAYED = frozenset(
    "text image table button spacer separator documentPreview".split()
)
_BANNED = frozenset({"html", "iframe", "script"})
_WITH_OPTIONS = frozenset({"radio", "select", "checklist", "taglist"})


def read_form(content: bytes) -> Form:
    """Return the form in a form-js file, or raise FormError with all its problems."""
    try:
        schema = values.parse_json(content, place="表单文件")
    except values.ValueRefused as error:
        raise FormError(str(error)) from None
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        raise FormError("表单文件缺少 components 列表")
    version = schema.get("schemaVersion", 1)
    if not isinstance(version, int) or version > MAX_SCHEMA_VERSION:
        raise FormError(f"表单的 schemaVersion 应不高于 {MAX_SCHEMA_VERSION}")
    reader = _Reader()
    scope = reader.scope(schema["components"], (), (), 1)
    stores = reader.stores(scope)
    reader.require_reasons(scope, frozenset(stores))
    if reader.problems:
        raise FormError(*reader.problems)
    return Form(
        id=str(schema.get("id", "")),
        keys=tuple(stores),
        record_keys=tuple(key for key, store in stores.items() if store),
        scope=scope,
    )


@dataclass(slots=True)
class _Reader:
    """Reads components; what is wrong goes to the list of problems."""

    problems: list[str] = field(default_factory=list)
    components: int = 0

    def refuse(self, name: str, reason: object) -> None:
        self.problems.append(f"字段“{name}”：{reason}")

    def scope(
        self,
        components: object,
        path: tuple[str, ...],
        hidden: tuple[Expression, ...],
        nesting: int,
    ) -> Scope:
        found: list[Field] = []
        lists: list[Rows] = []
        self._collect(components, path, hidden, nesting, found, lists)
        scope = Scope(tuple(found), tuple(lists))
        paths = list(scope.paths())
        for one in sorted(set(paths)):
            inside = [other for other in paths if other[: len(one)] == one]
            if len(inside) > 1:
                self.refuse(".".join(one), "键名重复或互相包含")
        return scope

    def _collect(
        self,
        components: object,
        path: tuple[str, ...],
        hidden: tuple[Expression, ...],
        nesting: int,
        found: list[Field],
        lists: list[Rows],
    ) -> None:
        if not isinstance(components, list) or nesting > MAX_NESTING:
            self.problems.append(f"组件应为列表，且嵌套不超过 {MAX_NESTING} 层")
            return
        for component in components:
            self.components += 1
            if not isinstance(component, dict):
                self.problems.append("组件应为对象")
                return
            if self.components > MAX_COMPONENTS:
                self.problems.append(
                    f"表单的组件不超过 {MAX_COMPONENTS} 个，请拆成几张表单"
                )
                return
            kind, name = str(component.get("type", "")), _name(component)
            conditions = hidden + self._conditions(component, name)
            if kind == "group":
                inner = path + self._path(component, "path", name, optional=True)
                children = component.get("components", [])
                self._collect(children, inner, conditions, nesting + 1, found, lists)
            elif kind == "dynamiclist":
                inner = path + self._path(component, "path", name)
                children = component.get("components", [])
                scope = self.scope(children, (), (), nesting + 1)
                record = self._is_record(component, name)
                lists.append(Rows(inner, name, conditions, record, scope))
            elif kind in fields.INPUT_TYPES or kind == "expression":
                found.append(self._field(component, name, path, conditions))
            elif kind in _BANNED:
                self.refuse(name, f"不允许使用“{kind}”组件")
            elif kind not in _DISPLAYED:
                self.refuse(name, f"不认识的组件类型“{str(kind)[:40]}”")

    def _field(
        self,
        component: dict[str, Any],
        name: str,
        path: tuple[str, ...],
        hidden: tuple[Expression, ...],
    ) -> Field:
        kind = str(component["type"])
        formula = None
        if kind == "expression":
            formula = self._expression(component.get("expression"), name, "表达式")
            if formula is None:
                self.refuse(name, "缺少表达式")
        return Field(
            id=str(component.get("id", "")),
            type=kind,
            label=name,
            path=path + self._path(component, "key", name),
            hidden=hidden,
            readonly=self._switch(component, "readonly", name),
            disabled=self._switch(component, "disabled", name) is not False,
            record_only=self._is_record(component, name),
            rules=self._rules(component, name),
            options=self._options(component, name) if kind in _WITH_OPTIONS else None,
            formula=formula,
            basis=str(self._properties(component, name).get("rule") or "")[:40],
        )

    def _path(
        self, component: dict[str, Any], what: str, name: str, *, optional: bool = False
    ) -> tuple[str, ...]:
        text = component.get(what)
        if optional and text in (None, ""):
            return ()
        if not isinstance(text, str) or not text:
            self.refuse(name, "缺少键名")
            return (f"?{self.components}",)
        parts = tuple(text.split("."))
        for part in parts:
            if not part.isidentifier() or len(part) > 100:
                self.refuse(name, f"键名“{part[:40]}”应由字母、汉字、数字、下划线组成")
            elif part == "typename" or part.startswith("__") or part.endswith("__"):
                self.refuse(name, f"不允许使用键名“{part}”，请改名")
            elif words.is_reserved(part):
                self.refuse(name, f"键名“{part}”是表达式的保留字，请改名")
        return parts

    def _expression(self, text: object, name: str, what: str) -> Expression | None:
        if text is None or text == "":
            return None
        if not isinstance(text, str) or not text.lstrip().startswith("="):
            self.refuse(name, f"{what}应以“=”开头")
            return None
        try:
            compiled = expressions.compile_feel(text)
        except ExpressionError as error:
            self.refuse(name, f"{what}有误：{error}")
            return None
        for function in sorted(compiled.functions):
            self.refuse(name, f"{what}里没有函数“{function}”")
        return compiled

    def _conditions(
        self, component: dict[str, Any], name: str
    ) -> tuple[Expression, ...]:
        conditional = component.get("conditional")
        if conditional is None:
            return ()
        if not isinstance(conditional, dict):
            self.refuse(name, "显示条件应为对象")
            return ()
        hide = self._expression(conditional.get("hide"), name, "隐藏条件")
        return () if hide is None else (hide,)

    def _switch(
        self, component: dict[str, Any], key: str, name: str
    ) -> bool | Expression:
        value = component.get(key, False)
        if isinstance(value, bool):
            return value
        return self._expression(value, name, key) or False

    def _properties(self, component: dict[str, Any], name: str) -> dict[str, Any]:
        properties = component.get("properties", {})
        if not isinstance(properties, dict):
            self.refuse(name, "自定义属性应为对象")
            return {}
        return properties

    def _is_record(self, component: dict[str, Any], name: str) -> bool:
        store = self._properties(component, name).get("store")
        if store not in (None, "", "record", "variable"):
            self.refuse(name, f"存放位置“{str(store)[:40]}”应为 record 或 variable")
        return bool(store == "record")

    # -- rules -----------------------------------------------------------------

    def _rules(self, component: dict[str, Any], name: str) -> Rules:
        declared = component.get("validate", {})
        if not isinstance(declared, dict):
            self.refuse(name, "校验规则应为对象")
            declared = {}
        if not isinstance(declared.get("required", False), bool):
            self.refuse(name, "required 应为 true 或 false")
        subtype = str(component.get("subtype") or "date")
        if component.get("type") == "datetime":
            self._require_datetime(component, subtype, name)
        properties = self._properties(component, name)
        return Rules(
            required=declared.get("required") is True,
            min_length=self._limit(declared, "minLength", name),
            max_length=self._limit(declared, "maxLength", name),
            min=self._limit(declared, "min", name),
            max=self._limit(declared, "max", name),
            pattern=self._pattern(declared, name),
            pattern_message=str(declared.get("patternErrorMessage", ""))[:200],
            validation_type=self._validation_type(declared, name),
            increment=self._increment(component, name),
            decimal_digits=self._whole(component, "decimalDigits", name),
            as_text=component.get("serializeToString") is True,
            subtype=subtype,
            no_past=component.get("disallowPassedDates") is True,
            max_words=self._words(properties, "maxWords", name),
            hard_max_words=self._words(properties, "hardMaxWords", name),
            reason_key=str(properties.get("overLimitReasonKey") or ""),
        )

    def _require_datetime(
        self, component: dict[str, Any], subtype: str, name: str
    ) -> None:
        if subtype not in ("date", "time", "datetime"):
            self.refuse(name, f"日期类型“{subtype[:40]}”应为 date、time 或 datetime")
        zoneless = component.get("timeSerializingFormat") == "no_timezone"
        if subtype == "datetime" and zoneless:
            self.refuse(name, "日期时间须带时区，请改用 UTC 偏移格式")

    def _limit(
        self, declared: dict[str, Any], key: str, name: str
    ) -> Decimal | Expression | None:
        value = declared.get(key)
        if isinstance(value, str) and value.startswith("="):
            return self._expression(value, name, key)
        return self._decimal(value, key, name)

    def _decimal(self, value: object, key: str, name: str) -> Decimal | None:
        if value is None or value == "":
            return None
        try:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise InvalidOperation
            number = Decimal(str(value)[:40])
            if not number.is_finite() or abs(number) > Decimal(10) ** 18:
                raise InvalidOperation
        except InvalidOperation:
            self.refuse(name, f"{key} 应为数字")
            return None
        return number

    def _increment(self, component: dict[str, Any], name: str) -> Decimal | None:
        number = self._decimal(component.get("increment"), "increment", name)
        if number is not None and number <= 0:
            self.refuse(name, "increment 应大于零")
        return number

    def _words(
        self, declared: dict[str, Any], key: str, name: str
    ) -> Decimal | Expression | None:
        value = declared.get(key)
        if isinstance(value, str) and value.startswith("="):
            return self._expression(value, name, key)
        whole = self._whole(declared, key, name)
        return None if whole is None else Decimal(whole)

    def _whole(self, declared: dict[str, Any], key: str, name: str) -> int | None:
        value = declared.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,6}", str(value)):
            self.refuse(name, f"{key} 应为不大于 999999 的整数")
            return None
        return int(value)

    def _pattern(self, declared: dict[str, Any], name: str) -> patterns.Pattern | None:
        source = declared.get("pattern")
        if source is None or source == "":
            return None
        try:
            return patterns.compile_pattern(str(source))
        except patterns.PatternRefused as refusal:
            self.refuse(name, f"格式规则{refusal}")
            return None

    def _validation_type(self, declared: dict[str, Any], name: str) -> str:
        kind = declared.get("validationType") or ""
        if kind not in ("", "custom", "email", "phone"):
            self.refuse(name, f"不认识的校验类型“{str(kind)[:40]}”")
        return str(kind)

    def _options(self, component: dict[str, Any], name: str) -> Options:
        sources: list[Callable[[], Options]] = []
        if component.get("values") is not None:
            sources.append(lambda: self._fixed_options(component["values"], name))
        if component.get("valuesKey"):
            key = ".".join(self._path(component, "valuesKey", name))
            sources.append(lambda: Options(key=key))
        if component.get("valuesExpression"):
            found = self._expression(component["valuesExpression"], name, "选项表达式")
            sources.append(lambda: Options(expression=found))
        if len(sources) != 1:
            self.refuse(name, "选项应恰有一个来源：固定选项、变量或表达式")
            return Options(values=())
        return sources[0]()

    def _fixed_options(self, declared: object, name: str) -> Options:
        if not isinstance(declared, list) or not all(
            isinstance(item, dict) and ("value" in item or "label" in item)
            for item in declared
        ):
            self.refuse(name, "固定选项应为带 label 和 value 的列表")
            return Options(values=())
        found = tuple(item.get("value", item.get("label")) for item in declared)
        if len({repr(item) for item in found}) < len(found):
            self.refuse(name, "固定选项的值重复")
        return Options(values=found)

    # -- the form as a whole ---------------------------------------------------

    def stores(self, scope: Scope) -> dict[str, bool]:
        """Return for each variable the form writes whether it is record-only."""
        stores: dict[str, bool] = {}
        declared: list[Field | Rows] = [*scope.fields, *scope.lists]
        for one in declared:
            root = one.path[0]
            if stores.setdefault(root, one.record_only) is not one.record_only:
                self.refuse(root, "同一变量的字段有的入记录、有的入变量，应一致")
        return stores

    def require_reasons(self, scope: Scope, known: frozenset[str]) -> None:
        """Refuse reason keys that name no field beside or above the text."""
        own = known | {one.path[0] for one in scope.fields}
        for one in scope.fields:
            key = one.rules.reason_key
            if key and key not in own:
                self.refuse(one.label, f"超字数理由字段“{key[:40]}”不存在")
        for rows in scope.lists:
            self.require_reasons(rows.scope, own)


def _name(component: dict[str, Any]) -> str:
    for key in ("label", "dateLabel", "timeLabel", "key", "path", "id", "type"):
        text = component.get(key)
        if isinstance(text, str) and text.strip():
            return text.strip()[:60]
    return "未命名"
