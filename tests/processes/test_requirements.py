"""Every sentence of the source documents is shown by something, or hidden in them."""

from pathlib import Path

import pytest

from processes import requirements

TESTS = Path(__file__).parent.parent


def test_the_table_lists_every_sentence_once_and_every_scene() -> None:
    listed = [one.id for one in requirements.table(TESTS)]

    assert len(listed) == len(set(listed))
    assert [f"S{number:02d}" for number in range(1, 21)] == [
        one for one in listed if one.startswith("S")
    ]
    counts = [42, 43, 44, 21, 19, 6]
    for group, count in enumerate(counts):
        found = [one for one in listed if one.startswith(f"R-{group:02d}-")]
        assert count == len(found)


def test_what_the_source_hides_says_so() -> None:
    hidden = {one.id for one in requirements.table(TESTS) if one.hidden}

    assert {"R-04-11", "R-04-12"} == hidden


def test_a_claim_about_no_requirement_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_claims.py").write_text(
        "import pytest\n\n\n"
        '@pytest.mark.requirement("R-99-99")\n'
        "def test_nothing():\n    pass\n",
        encoding="utf-8",
    )

    with pytest.raises(requirements.UnknownRequirement) as refused:
        requirements.table(folder)

    assert ["R-99-99"] == refused.value.ids["unknown"]
