"""Small processes that may be versions of one another, for migrations between any."""

from tests.engine.bpmn.drawings import arrows


def tasks(*ids: str) -> str:
    """Return user tasks of the officer."""
    return "".join(
        f'<userTask id="{one}" name="{one}" camunda:candidateGroups="officer"/>'
        for one in ids
    )


def bell(host: str, element_id: str = "bell", interrupting: str = "false") -> str:
    """Return a timer on the border of an activity."""
    return (
        f'<boundaryEvent id="{element_id}" attachedToRef="{host}"'
        f' cancelActivity="{interrupting}"><timerEventDefinition><timeDuration>P1D'
        "</timeDuration></timerEventDefinition></boundaryEvent>"
    )


def gateways(kind: str, *ids: str) -> str:
    """Return gateways of a kind."""
    return "".join(f'<{kind}Gateway id="{one}"/>' for one in ids)


def each(more: str = "") -> str:
    """Return a user task that is done three times."""
    return (
        '<userTask id="each" name="each" camunda:candidateGroups="officer">'
        f"<multiInstanceLoopCharacteristics {more}><loopCardinality>3"
        "</loopCardinality></multiInstanceLoopCharacteristics></userTask>"
    )


def sub(inside: str) -> str:
    """Return a sub-process."""
    return (
        f'<subProcess id="sub"><startEvent id="si"/>{inside}<endEvent id="so"/>'
        "</subProcess>"
    )


#: The inside of each version, but for its start `i` and its end `o`.
INSIDES = {
    "two": tasks("a", "b") + arrows("i>a a>b b>o"),
    "one": tasks("a") + arrows("i>a a>o"),
    "three": tasks("a", "c", "b") + arrows("i>a a>c c>b b>o"),
    "turned": tasks("a", "b") + arrows("i>b b>a a>o"),
    "reminded": tasks("a", "b", "r") + bell("a") + arrows("i>a a>b b>o bell>r r>o"),
    "ended": tasks("a", "b") + bell("b", "bell", "true") + arrows("i>a a>b b>o bell>o"),
    "beside": tasks("a", "b")
    + gateways("parallel", "f", "j")
    + arrows("i>f f>a f>b a>j b>j j>o"),
    "beside, then": tasks("a", "b", "d")
    + gateways("parallel", "f", "j")
    + arrows("i>f f>a f>b a>j b>j j>d d>o"),
    "three beside": tasks("a", "b", "c")
    + gateways("parallel", "f", "j")
    + arrows("i>f f>a f>b f>c a>j b>j c>j j>o"),
    "longer beside": tasks("a", "b", "c")
    + gateways("parallel", "f", "j")
    + arrows("i>f f>a f>b a>j b>c c>j j>o"),
    "unjoined": tasks("a", "b")
    + gateways("parallel", "f", "j")
    + arrows("i>f f>a f>b a>j b>o j>o"),
    "inclusive": tasks("a", "b")
    + gateways("inclusive", "f", "j")
    + arrows("i>f f>a|${true} f>b|${true} a>j b>j j>o"),
    "each": each() + tasks("b") + arrows("i>each each>b b>o"),
    "each reminded": each()
    + bell("each")
    + tasks("b", "r")
    + arrows("i>each each>b b>o bell>r r>o"),
    "each in turn": each('isSequential="true"')
    + tasks("b")
    + arrows("i>each each>b b>o"),
    "inside": sub(tasks("a") + arrows("si>a a>so"))
    + tasks("b")
    + arrows("i>sub sub>b b>o"),
    "longer inside": sub(tasks("a", "c") + arrows("si>a a>c c>so"))
    + bell("sub")
    + tasks("r", "b")
    + arrows("i>sub sub>b b>o bell>r r>o"),
}
VERSIONS = {
    name: f'<startEvent id="i"/>{inside}<endEvent id="o"/>'
    for name, inside in INSIDES.items()
}
