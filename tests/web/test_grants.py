"""On the page of a matter leaders let others read it; their looks are counted there."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine import engine as engines
from processes.supervision import tables
from tests.web import test_access
from tests.web.conftest import Visitor

#: A matter that was issued to 县住建局.
issued = test_access.issued
SignedIn = Callable[[str], Visitor]
GIVEN = {"reader": "group_member", "reason": "随县长调研", "until": "2099-12-31"}


@pytest.mark.requirement("R-04-18")
def test_a_reader_reads_the_page_and_the_page_counts_it(
    signed_in: SignedIn,
    engine: engines.Engine,
    issued: int,
) -> None:
    path = f"/matters/{issued}"
    chief, reader = signed_in("dc_chief"), signed_in("group_member")
    assert 404 == reader.opens(path).status_code
    while engine.run_due():
        pass

    assert 303 == chief.sends(f"{path}/grants", **GIVEN).status_code
    pages = [reader.opens(one).status_code for one in (path, "/documents/1.pdf")]
    told = chief.opens(path).get_data(as_text=True)

    assert [200, 200] == pages
    assert "唐组员：随县长调研" in told
    assert "已查看 2 次" in told
    assert "授予阅文权限" in told
    with engine.read() as connection:
        looks = connection.scalars(sa.select(tables.reading_look.c.what)).all()
    assert ["事项", "督促查办事项通知单"] == [one.partition("（")[0] for one in looks]

    assert 303 == chief.sends("/grants/1/end").status_code
    assert 404 == reader.opens(path).status_code


@pytest.mark.requirement("R-04-18")
def test_a_reader_only_reads(
    signed_in: SignedIn,
    issued: int,
) -> None:
    path = f"/matters/{issued}"
    signed_in("mayor").sends(f"{path}/grants", **GIVEN)
    reader = signed_in("group_member")

    assert 403 == reader.sends(f"{path}/requests/supplement", content="x").status_code
    assert 403 == reader.sends(f"{path}/caller", reason="x").status_code
    assert 403 == reader.sends(f"{path}/grants", **GIVEN).status_code
    assert 403 == reader.sends("/grants/1/end").status_code
    assert 'name="reader"' not in reader.opens(path).get_data(as_text=True)


@pytest.mark.requirement("R-04-18")
def test_a_grant_without_a_reader_says_what_is_wrong(
    signed_in: SignedIn,
    engine: engines.Engine,
    issued: int,
) -> None:
    path, chief = f"/matters/{issued}", signed_in("dc_chief")
    chief.sends(f"{path}/grants", **{**GIVEN, "reader": "nobody"})

    assert "没有账号“nobody”。（R-04-18）" in chief.opens(path).get_data(as_text=True)
    with engine.read() as connection:
        assert [] == connection.execute(sa.select(tables.reading_grant)).all()


@pytest.mark.requirement("R-04-03")
def test_the_page_says_which_of_the_four_parts_is_missing(
    signed_in: SignedIn,
    issued: int,
) -> None:
    page = signed_in("dc_officer").opens(f"/matters/{issued}").get_data(as_text=True)

    assert "不完整，尚缺：有检查、有落实、有结果" in page


@pytest.mark.requirement("R-00-02")
def test_each_act_on_a_matter_stands_on_one_timeline_with_who_and_when(
    signed_in: SignedIn,
    issued: int,
) -> None:
    page = signed_in("dc_officer").opens(f"/matters/{issued}").get_data(as_text=True)
    timeline = page[page.index("<h3>经过</h3>") :]
    acts = ("登记发起", "拟办", "副主任签阅", "主任签阅")
    names = ("周登记", "陈专员", "张副主任", "李主任", "赵常务")

    assert [] == [one for one in (*acts, *names) if one not in timeline]
    assert 5 <= timeline.count("<time datetime=")
