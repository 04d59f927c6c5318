"""From the bytes of a stranger's file to an XML tree that is safe to read."""

import functools
import re
import threading
from importlib import resources
from typing import Final

from lxml import etree

from engine import errors
from engine.bpmn import model
from engine.bpmn.diagrams import problems

MODEL: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
LARGEST: Final = 2 * 1024 * 1024
DEEPEST: Final = 200
#: the schema's time grows with the square of what it finds wrong: some seconds here
MOST_ELEMENTS: Final = 20_000
#: what an XML declaration may name: encodings in which the bytes of markup mean
#: nothing else. GB18030 reads the older GBK and GB2312 too.
ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}
_DECLARATION: Final = re.compile(
    rb"""\A\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""", re.IGNORECASE
)
_FOREIGN_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00", b"\x00\x00")
#: a schema keeps the findings of one validation at a time
_VALIDATING: Final = threading.Lock()
_MOST_FINDINGS: Final = 100
#: schema findings that take nothing away from what the file says
_HARMLESS: Final = ("The attribute 'targetNamespace' is required but missing",)
#: the standard has a QName there; Camunda and Flowable read an expression too
_CALLEE_EXPRESSION: Final = re.compile(
    r"attribute 'calledElement': '[$#]\{[^']*' is not a valid value"
)
#: libxml2's words -> ours, first that fits
_SCHEMA_WORDS: Final = (
    ("is required but missing", "缺少必填的属性"),
    ("is not allowed", "带有标准不允许的属性"),
    ("This element is not expected", "出现在不该出现的位置，或顺序不对"),
    ("Missing child element", "缺少必需的下级元素"),
    ("No matching global", "不是标准中的元素"),
    ("Character content", "含有不允许的文字"),
    ("is not an element of the set", "取值不在允许范围内"),
    ("is not a valid value", "取值的格式不对"),
    ("not accepted by the pattern", "取值的格式不对"),
)


class UnreadableDiagram(errors.Refused):
    """图纸无法读取。"""

    def __init__(
        self, name: str, reason: str, line: int | None = None, column: int | None = None
    ) -> None:
        """Say which file, where (line and column, from 1) and why."""
        place = f"第 {line} 行" if line else ""
        if line and column:
            place += f"第 {column} 列"
        where = "，".join(
            part for part in (f"文件“{name}”" if name else "", place) if part
        )
        super().__init__(
            f"{where}：{reason}" if where else reason,
            name=name,
            line=line,
            column=column,
        )
        self.problem = model.Problem("xsd", None, "error", self.message, line)


def parse(content: bytes, *, name: str = "") -> etree._Element:
    """Parse a BPMN file and return its `definitions` element, or refuse it.

    Refused, each with place and reason: more than 2 MB, encodings not listed in
    ENCODINGS, DOCTYPE and entities, malformed XML, nesting beyond 200, more than
    20 000 XML elements, other documents than BPMN 2.0. Comments and processing
    instructions are gone from the tree, so that no text is cut by them. Raises
    UnreadableDiagram.
    """
    text = _decode(content, name)
    for banned in ("<!DOCTYPE", "<!ENTITY"):
        if banned in text:
            line, column = _place(text, text.index(banned))
            raise UnreadableDiagram(
                name, "不允许 DOCTYPE 和实体声明，请删去后再上传", line, column
            )
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        if "xcessive depth" in str(error):
            raise UnreadableDiagram(name, _too_deep(), line, column) from None
        raise UnreadableDiagram(
            name,
            f"不是完整、正确的 XML，请用建模工具重新保存后再上传（{error.msg}）",
            line,
            column,
        ) from None
    _refuse_size(root, name)
    if root.tag != f"{{{MODEL}}}definitions":
        raise UnreadableDiagram(
            name,
            f"不是 BPMN 2.0 图纸（最外层是“{etree.QName(root).localname}”）",
            root.sourceline,
        )
    return root


def validate(root: etree._Element, findings: problems.Findings) -> None:
    """Add what the BPMN 2.0 schema has to say about a tree."""
    with _VALIDATING:
        schema = _schema()
        entries = [] if schema.validate(root) else list(schema.error_log)
    by_line = {node.sourceline: node for node in root.iter() if node.get("id")}
    for entry in entries[:_MOST_FINDINGS]:
        if _CALLEE_EXPRESSION.search(entry.message):
            continue
        raw = re.sub(r"\{[^}]*\}", "", entry.message)
        words = next((ours for theirs, ours in _SCHEMA_WORDS if theirs in raw), "有误")
        tag = re.match(r"Element '([^']*)'", raw)
        node = by_line.get(entry.line)
        element_id = None if node is None else node.get("id")
        message = (
            f"第 {entry.line} 行的元素“{tag.group(1) if tag else '?'}”{words}，"
            f"不符合 BPMN 2.0 标准（{raw}）"
        )
        if any(words in raw for words in _HARMLESS):
            findings.warning("xsd", element_id, message, entry.line)
        else:
            findings.error("xsd", element_id, message, entry.line)


@functools.cache
def _schema() -> etree.XMLSchema:
    """Load the schema that SpiffWorkflow ships, once for all threads."""
    folder = resources.files("SpiffWorkflow.bpmn.parser") / "schema"
    with resources.as_file(folder) as path:
        return etree.XMLSchema(etree.parse(path / "BPMN20.xsd"))


def _decode(content: bytes, name: str) -> str:
    if not content.strip():
        raise UnreadableDiagram(name, "文件是空的")
    if len(content) > LARGEST:
        raise UnreadableDiagram(name, "文件超过 2 MB，不能读取，请拆成几张图")
    if content.startswith(_FOREIGN_MARKS):
        raise UnreadableDiagram(name, "文件编码不是 UTF-8，请另存为 UTF-8 后再上传")
    content = content.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARATION.match(content)
    said = declared.group(1).decode("ascii", "replace") if declared else "utf-8"
    encoding = ENCODINGS.get(said.strip().lower())
    if encoding is None:
        raise UnreadableDiagram(name, f"不支持编码“{said}”，请另存为 UTF-8 后再上传", 1)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode(encoding), error.start)
        raise UnreadableDiagram(
            name, f"文件不是正确的 {encoding.upper()} 编码", line, column
        ) from None


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _too_deep() -> str:
    return f"元素嵌套超过 {DEEPEST} 层，请用调用活动拆开"


def _refuse_size(root: etree._Element, name: str) -> None:
    depth = count = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > DEEPEST:
            raise UnreadableDiagram(name, _too_deep(), node.sourceline)
        if count > MOST_ELEMENTS:
            reason = f"图纸过大，XML 元素超过 {MOST_ELEMENTS} 个，请拆成几张图"
            raise UnreadableDiagram(name, reason, node.sourceline)


def children(node: etree._Element, word: str) -> list[etree._Element]:
    """Return the direct BPMN children of a node with this tag."""
    return node.findall(f"{{{MODEL}}}{word}")


def text(node: etree._Element, word: str) -> str:
    """Return the trimmed text of the first such child, '' without one."""
    for child in children(node, word):
        return "".join(child.itertext()).strip()
    return ""


def local(reference: str | None) -> str:
    """Return what a QName points to: all references stay within the file."""
    return (reference or "").strip().rpartition(":")[2]
