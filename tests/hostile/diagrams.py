"""Files that must be refused: each with the words, element and line expected."""

from dataclasses import dataclass

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  targetNamespace="urn:ducha:test" id="definitions">
"""
#: The line on which the body of a drawing begins, and that of the element in `line`.
BODY = HEAD.count("\n") + 2
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Bad:
    """A file nobody may deploy, and what its refusal must say."""

    name: str
    content: bytes
    says: tuple[str, ...]
    line: int | None = None
    element: str | None = None

    @property
    def place(self) -> str:
        """Where the command line must point."""
        return f"{self.name}:{self.line}" if self.line else self.name


def drawing(body: str, key: str = "p") -> bytes:
    """Return a diagram with one process, named 试验."""
    process = (
        f'<process id="{key}" name="试验" isExecutable="true">\n{body}\n</process>'
    )
    return f"{HEAD}{process}\n</definitions>\n".encode()


def line(element: str, key: str = "p") -> bytes:
    """Return start → element `a` → end, the element on the fourth line of the body."""
    return drawing(
        '<startEvent id="s"/>\n<sequenceFlow id="f0" sourceRef="s" targetRef="a"/>\n'
        f'<sequenceFlow id="f1" sourceRef="a" targetRef="e"/>\n{element}\n'
        '<endEvent id="e"/>',
        key,
    )


def decision(condition: str | None, key: str = "p") -> bytes:
    """Return an exclusive gateway whose branch 同意 (f1) has this condition or none."""
    written = (
        f'<conditionExpression xsi:type="tFormalExpression">{condition}'
        "</conditionExpression>"
        if condition is not None
        else ""
    )
    return drawing(
        '<startEvent id="s"/>\n<sequenceFlow id="f0" sourceRef="s" targetRef="x"/>\n'
        '<exclusiveGateway id="x" name="是否同意" default="f2"/>\n'
        f'<sequenceFlow id="f1" name="同意" sourceRef="x" targetRef="a">{written}'
        '</sequenceFlow>\n<sequenceFlow id="f2" name="否则" sourceRef="x"'
        ' targetRef="e"/>\n<userTask id="a" name="办理"'
        ' camunda:candidateGroups="dc_officer"/>\n'
        '<sequenceFlow id="f3" sourceRef="a" targetRef="e"/>\n<endEvent id="e"/>',
        key,
    )


def form(*components: str, form_id: str = '"id":"extra",') -> bytes:
    """Return a form of these components."""
    return (
        f'{{"type":"default",{form_id}"components":[{",".join(components)}]}}'.encode()
    )


def field(key: str, label: str = "姓名") -> str:
    """Return a text field."""
    return f'{{"type":"textfield","key":"{key}","label":"{label}"}}'


def task(attributes: str) -> str:
    """Return the user task `a` with these attributes."""
    return (
        '<userTask id="a" name="填报" camunda:candidateGroups="dc_officer"'
        f" {attributes}/>"
    )


WAIT = (
    '<intermediateCatchEvent id="a" name="等待"><timerEventDefinition><timeDuration>'
    "P999999Y</timeDuration></timerEventDefinition></intermediateCatchEvent>"
)
SCRIPT = (
    '<scriptTask id="a" name="算分" scriptFormat="python"><script>import os</script>'
    "</scriptTask>"
)
ENDLESS = (
    '<startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="a"/>\n'
    '<task id="a" name="甲"/><sequenceFlow id="f1" sourceRef="a" targetRef="b"/>\n'
    '<task id="b" name="乙"/><sequenceFlow id="f2" sourceRef="b" targetRef="a"/>'
)
LARGE = "x" * (3 * MEGABYTE)
LOOK = BODY + 3

DIAGRAMS = {
    "broken XML": Bad(
        "a.bpmn",
        drawing("<task"),
        ("不是完整、正确的 XML", "重新保存"),
        BODY + 1,
    ),
    "DOCTYPE": Bad(
        "a.bpmn",
        b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "b">]>\n<definitions/>',
        ("不允许 DOCTYPE", "请删去"),
        2,
    ),
    "a branch with neither condition nor default mark": Bad(
        "a.bpmn",
        decision(None),
        ("分支“同意”（f1）", "没有条件", "请写明条件或设为默认分支"),
        LOOK,
        "f1",
    ),
    "a script task": Bad(
        "a.bpmn",
        line(SCRIPT),
        ("不允许脚本任务“算分”（a）", "请改用服务任务"),
        LOOK,
        "a",
    ),
    "an unknown handler": Bad(
        "a.bpmn",
        line(
            '<serviceTask id="a" name="发文"'
            ' camunda:delegateExpression="${no_such_handler}"/>'
        ),
        ("“发文”（a）使用的处理程序“no_such_handler”没有登记", "请从清单中选择"),
        LOOK,
        "a",
    ),
    "an unknown form": Bad(
        "a.bpmn",
        line(task('camunda:formRef="no_such_form"')),
        ("“填报”（a）的表单“no_such_form”不存在", "请先上传表单或改正编号"),
        LOOK,
        "a",
    ),
    "an expression outside the grammar": Bad(
        "a.bpmn",
        decision("${a.b(1)}"),
        ("“同意”（f1）的条件有误", "第 4 列", "只能调用登记过的函数"),
        LOOK,
        "f1",
    ),
    "a comprehension": Bad(
        "a.bpmn",
        decision("${[x for x in y]}"),
        ("“同意”（f1）的条件有误", "第 3 列"),
        LOOK,
        "f1",
    ),
    "__class__ in a condition": Bad(
        "a.bpmn",
        decision("${a.__class__ == 1}"),
        ("“同意”（f1）的条件“${a.__class__ == 1}”不允许出现双下划线", "请删去"),
        LOOK,
        "f1",
    ),
    "__class__ put together": Bad(
        "a.bpmn",
        decision("${a['__cl' + 'ass__'] == 1}"),
        ("“同意”（f1）的条件", "不允许出现双下划线"),
        LOOK,
        "f1",
    ),
    "P999999Y": Bad(
        "a.bpmn",
        line(WAIT),
        ("定时事件“等待”（a）的时间有误", "P999999Y", "时长超过十年", "请"),
        LOOK,
        "a",
    ),
    "a diagram of 3 MB": Bad(
        "a.bpmn",
        line(f'<task id="a"><documentation>{LARGE}</documentation></task>'),
        ("文件超过 2 MB", "请"),
    ),
    "a form field named typename": Bad(
        "a.form", form(field("typename")), ("字段“姓名”", "键名“typename”", "请改")
    ),
    "a form field named __builtins__": Bad(
        "a.form",
        form(field("__builtins__")),
        ("字段“姓名”", "键名“__builtins__”", "请改"),
    ),
    "a form that is no JSON": Bad(
        "a.form", b'{"type":"default",\n "id":,}', ("第 2 行第 7 列不是正确的 JSON",)
    ),
    "a form with a name twice": Bad(
        "a.form", b'{"id":"a","id":"b","components":[]}', ("“id”出现了两次",)
    ),
    "a form whose field is of no type": Bad(
        "a.form",
        form('{"type":["textfield"],"key":"a","label":"姓名"}'),
        ("字段“姓名”", "不认识的组件类型"),
    ),
    "a form without an id": Bad(
        "a.form", form(field("name"), form_id=""), ("没有编号（id）", "请")
    ),
    "a form of 5 000 fields": Bad(
        "a.form",
        form(*(field(f"a{number}") for number in range(5000))),
        ("不超过 500 个", "请"),
    ),
    "a sequence flow to its own element": Bad(
        "a.bpmn",
        decision("${a == 1}").replace(b'"x" targetRef="a"', b'"x" targetRef="x"'),
        ("循环", "“是否同意”（x）", "请在循环中加入"),
        BODY + 2,
        "x",
    ),
    "an endless automatic loop": Bad(
        "a.bpmn",
        drawing(ENDLESS),
        ("循环", "“甲”（a）、“乙”（b）", "请在循环中加入"),
        BODY + 1,
        "a",
    ),
    "300 nested sub-processes": Bad(
        "a.bpmn",
        drawing(
            "".join(f'<subProcess id="n{number}">' for number in range(300))
            + "</subProcess>" * 300
        ),
        ("元素嵌套超过 200 层", "请"),
        BODY,
    ),
    "an id that is SQL": Bad(
        "a.bpmn",
        line('<task id="a\' OR 1=1 --"/>'),
        ("“a' OR 1=1 --”的编号不合规", "须以字母"),
        LOOK,
        "a' OR 1=1 --",
    ),
    "an id that is HTML": Bad(
        "a.bpmn",
        line('<task id="&lt;script&gt;"/>'),
        ("“<script>”的编号不合规", "须以字母"),
        LOOK,
        "<script>",
    ),
    "a file of another kind": Bad(
        "a.exe", b"MZ", ("只能部署这些文件：.bpmn、.form、.dmn",)
    ),
    "a decision table with DOCTYPE": Bad(
        "a.dmn",
        b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "b">]>\n<definitions/>',
        ("不允许 DOCTYPE", "请删去"),
    ),
    "a decision table that is no XML": Bad(
        "a.dmn", b"<definitions", ("第 1 行", "不是正确的 XML")
    ),
}
