"""The support table leads to every folder of diagrams, and every diagram is played."""

import re

from tests.engine.elements.diagrams import FOLDER

README = FOLDER.parents[2] / "engine/README.md"
ROW = re.compile(r"\[(\w+)\]\(\.\./tests/engine/elements/\1\)")


def test_the_support_table_leads_to_every_folder_of_diagrams() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/*.bpmn")}

    assert folders == set(ROW.findall(README.read_text("utf-8")))


def test_every_diagram_is_played() -> None:
    tests = "".join(path.read_text("utf-8") for path in FOLDER.glob("test_*.py"))
    # `{event}_beside` is any name that ends so.
    said = {re.sub(r"{\w+}", r"\\w+", word) for word in re.findall(r"[\w{}]+", tests)}
    named = re.compile("|".join(sorted(word for word in said if word != r"\w+")))

    assert [] == sorted(
        f"{path.parent.name}/{path.stem}"
        for path in FOLDER.glob("*/*.bpmn")
        if not named.fullmatch(path.stem)
    )
