"""Texts garbled by readings behind their characters are mended on their way in."""

import pytest

from processes.supervision.matters import sources
from processes.supervision.matters import transcription


@pytest.mark.requirement("R-00-42")
@pytest.mark.parametrize(
    ("garbled", "plain"),
    [
        ("濟(jì)政辦發(fā)〔2013〕10號", "济政办发〔2013〕10号"),
        (
            "關(guān)于進(jìn)一步加強(qiáng)政務(wù)督查工作的通知",
            "关于进一步加强政务督查工作的通知",
        ),
        (
            "各縣(市)、區(qū)人民政府,市政府各部門:",
            "各县(市)、区人民政府,市政府各部门:",
        ),
    ],
)
def test_readings_go_and_characters_are_simplified(garbled: str, plain: str) -> None:
    assert plain == transcription.mended(garbled)


@pytest.mark.parametrize("text", ["於姓村民反映", "夏邑县(东)关", "A(bc)项", ""])
def test_a_text_without_readings_is_left_as_it_is(text: str) -> None:
    assert text == transcription.mended(text)


@pytest.mark.requirement("R-00-42")
@pytest.mark.parametrize("written", ["夏政办[2014]29号", "夏政办（2014）29号"])
def test_a_document_number_gets_hexagonal_brackets(written: str) -> None:
    assert "夏政办〔2014〕29号" == sources.document_number(written)
