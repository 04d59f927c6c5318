"""What moves variables: in and out of a called process, in and out of an element."""

from types import MappingProxyType

from lxml import etree

from engine.bpmn import model
from engine.bpmn.diagrams import extensions
from engine.bpmn.diagrams import problems

Assignments = tuple[model.Assignment, ...]


def parameters(
    node: etree._Element, findings: problems.Findings
) -> tuple[Assignments, Assignments]:
    """Read camunda:inputOutput: text is str, a list is tuple, a map is Mapping."""
    inputs, outputs = (
        tuple(
            model.Assignment(
                target=child.get("name", ""), expression=_value(child, findings)
            )
            for child in extensions.family(node, "inputOutput", word)
        )
        for word in ("inputParameter", "outputParameter")
    )
    return inputs, outputs


def of_call(
    node: etree._Element, findings: problems.Findings
) -> tuple[Assignments, Assignments]:
    """Read what a call activity gives and takes, in Camunda's and Flowable's words."""
    given = [_mapping(child, findings) for child in extensions.family(node, "in")]
    taken = [_mapping(child, findings) for child in extensions.family(node, "out")]
    attributes = extensions.attributes(node)
    key = attributes.get("businessKey")
    if attributes.get("inheritBusinessKey") == "true":
        key = "${execution.processBusinessKey}"
    if key:
        given.append(model.Assignment(business_key=key))
    if attributes.get("inheritVariables") == "true":
        given.append(model.Assignment(all_variables=True))
    return (
        tuple(mapping for mapping in given if mapping is not None),
        tuple(mapping for mapping in taken if mapping is not None),
    )


def _mapping(
    node: etree._Element, findings: problems.Findings
) -> model.Assignment | None:
    everything = node.get("variables")
    key = node.get("businessKey")
    if node.get("local", "false") != "false":
        extensions.refuse_attribute("local", node, findings)
    if everything not in (None, "all"):
        extensions.refuse_attribute("variables", node, findings)
    if key is None and everything is None and not node.get("target"):
        extensions.refuse_attribute("target", node, findings)
        return None
    return model.Assignment(
        target=node.get("target", ""),
        source=node.get("source"),
        expression=node.get("sourceExpression"),
        all_variables=everything == "all",
        business_key=key,
    )


def _value(node: etree._Element, findings: problems.Findings) -> object:
    """Read a parameter, a list's value or a map's entry; scripts are refused."""
    for child in node.iterchildren(etree.Element):
        word = etree.QName(child).localname
        if word == "list":
            return tuple(
                _value(item, findings) for item in child.iterchildren(etree.Element)
            )
        if word == "map":
            return MappingProxyType(
                {
                    entry.get("key", ""): _value(entry, findings)
                    for entry in child.iterchildren(etree.Element)
                }
            )
        extensions.refuse_element(child, findings)
    if etree.QName(node).localname == "script":
        extensions.refuse_element(node, findings)
    return (node.text or "").strip()
