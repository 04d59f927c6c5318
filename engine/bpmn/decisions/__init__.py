"""DMN decision tables (1.1 to 1.3): read, refused by name and place, decided.

Input cells are S-FEEL unary tests, the rest is FEEL or, with `${…}`, JUEL; all of
it is evaluated by `expressions`. A decision may require others of the same file.
"""

import re
from dataclasses import replace

from lxml import etree

from engine.bpmn import expressions
from engine.bpmn.decisions import tables as decision_tables
from engine.bpmn.decisions.tables import Decision
from engine.bpmn.decisions.tables import DecisionError
from engine.bpmn.decisions.tables import Input
from engine.bpmn.decisions.tables import Output
from engine.bpmn.decisions.tables import Rule
from engine.bpmn.expressions import Expression
from engine.bpmn.expressions import ExpressionError

__all__ = ["Decision", "DecisionError", "read_decisions"]

MAX_BYTES = 2 * 1024 * 1024
MAX_CELL = 500
MAX_DECISIONS = 50
MAX_RULES = 2_000
MAX_COLUMNS = 50

_NAMESPACES = frozenset({
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
})  # fmt: skip
_POLICIES = frozenset(
    ["UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER"]
)
_AGGREGATIONS = frozenset({"", "SUM", "MIN", "MAX", "COUNT"})


def read_decisions(xml: bytes) -> tuple[Decision, ...]:
    """Return the decision tables of a DMN file, in its order, or raise DecisionError.

    At most 2 MB of UTF-8 without DOCTYPE; all faults of the tables are told at once.
    """
    root = _root(xml)
    elements = [child for child in root if _local(child) == "decision"]
    if not elements or len(elements) > MAX_DECISIONS:
        raise DecisionError(f"决策文件应有 1 至 {MAX_DECISIONS} 个决策")
    problems: list[str] = []
    tables: dict[str, Decision] = {}
    for element in elements:
        decision = _TableReader(element, problems).read()
        if decision is not None:
            if decision.id in tables:
                problems.append(f"决策“{decision.id}”出现了两次")
            tables[decision.id] = decision
    if not problems:
        wired = _wire(elements, tables, problems)
    if problems:
        raise DecisionError(*problems)
    return wired


def _root(xml: bytes) -> etree._Element:
    if len(xml) > MAX_BYTES:
        raise DecisionError("决策文件超过 2 MB，请拆成几个文件")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        tree = etree.ElementTree(etree.fromstring(xml, parser))
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise DecisionError(
            f"第 {line} 行第 {column} 列：不是正确的 XML，请用建模工具重新保存后再上传"
            f"（{error.msg}）"
        ) from None
    except ValueError as error:
        raise DecisionError(f"不是正确的 XML：{error}") from None
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise DecisionError("决策文件不允许 DOCTYPE，请删去后再上传")
    if (tree.docinfo.encoding or "UTF-8").upper() not in ("UTF-8", "UTF8", "ASCII"):
        raise DecisionError("决策文件应为 UTF-8 编码")
    root = tree.getroot()
    if _local(root) != "definitions":
        raise DecisionError("不是 DMN 1.1 至 1.3 的决策文件")
    return root


def _local(element: etree._Element) -> str:
    name = etree.QName(element)
    return name.localname if name.namespace in _NAMESPACES else ""


def _children(element: etree._Element | None, name: str) -> list[etree._Element]:
    if element is None:
        return []
    return [child for child in element if _local(child) == name]


def _child(element: etree._Element | None, name: str) -> etree._Element | None:
    return next(iter(_children(element, name)), None)


def _wire(
    elements: list[etree._Element], tables: dict[str, Decision], problems: list[str]
) -> tuple[Decision, ...]:
    needs: dict[str, list[str]] = {}
    for element in elements:
        references = [
            str(required.get("href", "")).removeprefix("#")
            for requirement in _children(element, "informationRequirement")
            for required in _children(requirement, "requiredDecision")
        ]
        needs[str(element.get("id"))] = references
        for reference in references:
            if reference not in tables:
                problems.append(
                    f"决策“{element.get('id')}”所依据的决策“{reference}”不在文件中"
                )
    if problems:
        return ()
    wired: dict[str, Decision] = {}
    while len(wired) < len(tables):
        ready = [
            key
            for key in tables
            if key not in wired and all(need in wired for need in needs[key])
        ]
        if not ready:
            circle = "、".join(sorted(tables.keys() - wired.keys()))
            problems.append(f"决策互相依据，成了循环：{circle}")
            return ()
        for key in ready:
            required = tuple(wired[need] for need in needs[key])
            wired[key] = replace(tables[key], required=required)
    return tuple(wired[key] for key in tables)


class _TableReader:
    """Reads one decision; what is wrong goes to the list of problems."""

    def __init__(self, element: etree._Element, problems: list[str]) -> None:
        self.element, self.problems = element, problems
        self.id = element.get("id") or ""
        self.name = element.get("name") or self.id

    def refuse(self, place: str, reason: object) -> None:
        self.problems.append(f"决策表“{self.name}”{place}：{reason}")

    def read(self) -> Decision | None:
        """Return the decision, without what it requires; None if it has no table."""
        table = _child(self.element, "decisionTable")
        if table is None or not re.fullmatch(r"[A-Za-z_][\w.-]*", self.id):
            self.refuse("", "缺少决策表" if table is None else "缺少标识（id）")
            return None
        policy = (table.get("hitPolicy") or "UNIQUE").upper()
        aggregation = (table.get("aggregation") or "").upper()
        if policy not in _POLICIES:
            self.refuse("", f"不支持命中策略“{policy}”")
        if aggregation not in _AGGREGATIONS or (aggregation and policy != "COLLECT"):
            self.refuse("", f"不支持汇总“{aggregation}”")
        inputs = tuple(map(self._input, _children(table, "input")))
        outputs = tuple(
            self._output(element, number)
            for number, element in enumerate(_children(table, "output"), 1)
        )
        self._require_outputs(outputs, policy, aggregation)
        rows = _children(table, "rule")
        if len(rows) > MAX_RULES or len(inputs) + len(outputs) > MAX_COLUMNS:
            self.refuse("", f"超过 {MAX_RULES} 条规则或 {MAX_COLUMNS} 列")
            return None
        rules = tuple(
            self._rule(row, number, inputs, outputs)
            for number, row in enumerate(rows, 1)
        )
        return Decision(self.id, self.name, policy, aggregation, inputs, outputs, rules)

    def _require_outputs(
        self, outputs: tuple[Output, ...], policy: str, aggregation: str
    ) -> None:
        names = [output.name for output in outputs]
        if not outputs:
            self.refuse("", "没有输出列")
        if len(set(names)) < len(names):
            self.refuse("", "输出列的名称重复")
        if aggregation and len(outputs) != 1:
            self.refuse("", "汇总只能有一个输出列")
        ordered = policy in ("PRIORITY", "OUTPUT ORDER")
        if ordered and not any(output.priorities for output in outputs):
            self.refuse("", f"命中策略 {policy} 需要输出列的允许值，由高到低")

    def _input(self, element: etree._Element) -> Input:
        question = _child(element, "inputExpression")
        label = element.get("label") or _text(question) or (element.get("id") or "")
        place = f"的输入“{label}”"
        compiled = self._expression(question, place)
        if compiled is None:
            self.refuse(place, "缺少输入表达式")
        return Input(
            label=label,
            expression=compiled or expressions.compile_feel("null"),
            type=self._type(question, place),
        )

    def _output(self, element: etree._Element, number: int) -> Output:
        name = element.get("name") or ""
        label = element.get("label") or name or f"第 {number} 列"
        place = f"的输出“{label}”"
        if not name.isidentifier() or name.startswith("__") or name == "typename":
            self.refuse(place, f"输出名称“{name}”不能作变量名")
        return Output(
            name=name,
            label=label,
            type=self._type(element, place),
            priorities=self._priorities(element, place),
            default=self._expression(_child(element, "defaultOutputEntry"), place),
        )

    def _priorities(self, element: etree._Element, place: str) -> tuple[object, ...]:
        text = _text(_child(element, "outputValues"))
        if not text:
            return ()
        try:
            values = expressions.compile_feel(f"[{text}]").evaluate({})
        except ExpressionError as error:
            self.refuse(place, f"允许值读不懂：{error}")
            return ()
        return tuple(values) if isinstance(values, list) else ()

    def _type(self, element: etree._Element | None, place: str) -> str:
        name = "" if element is None else element.get("typeRef") or ""
        name = name.rpartition(":")[2]
        if name not in decision_tables.TYPES:
            self.refuse(place, f"不支持类型“{name}”")
        return name

    def _rule(
        self,
        row: etree._Element,
        number: int,
        inputs: tuple[Input, ...],
        outputs: tuple[Output, ...],
    ) -> Rule:
        tests, results = _children(row, "inputEntry"), _children(row, "outputEntry")
        label = f"规则 {number}"
        if len(tests) != len(inputs) or len(results) != len(outputs):
            self.refuse(label, "单元格的数目与列数不符")
            return Rule(label, (), ())
        return Rule(
            label,
            tuple(
                self._test(cell, f"{label}的输入“{entry.label}”")
                for cell, entry in zip(tests, inputs, strict=True)
            ),
            tuple(
                self._expression(cell, f"{label}的输出“{output.label}”")
                for cell, output in zip(results, outputs, strict=True)
            ),
        )

    def _test(self, cell: etree._Element, place: str) -> Expression:
        text = _text(cell)
        try:
            self._require_cell(cell, text)
            return expressions.compile_unary_tests(text)
        except (ExpressionError, DecisionError) as error:
            self.refuse(place, error)
            return expressions.compile_unary_tests("-")

    def _expression(
        self, element: etree._Element | None, place: str
    ) -> Expression | None:
        text = _text(element)
        if element is None or not text:
            return None
        try:
            self._require_cell(element, text)
            if expressions.is_expression(text):
                return expressions.compile_juel(text)
            if element.get("expressionLanguage", "").lower() == "juel":
                return expressions.compile_juel("${" + text + "}")
            return expressions.compile_feel(text)
        except (ExpressionError, DecisionError) as error:
            self.refuse(place, error)
            return None

    def _require_cell(self, element: etree._Element, text: str) -> None:
        if len(text) > MAX_CELL:
            raise DecisionError(f"有 {len(text)} 个字符，最多 {MAX_CELL} 个")
        language = element.get("expressionLanguage", "").lower()
        if language not in ("", "juel") and "feel" not in language:
            raise DecisionError(f"不支持表达式语言“{language[:40]}”")


def _text(element: etree._Element | None) -> str:
    text = _child(element, "text")
    return "" if text is None else (text.text or "").strip()
