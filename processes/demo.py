"""The demo county 夏邑县 (411426): its units, a person for every role, AB角.

Account names are role ids; in a unit `role.unit`, such as `unit_handler.zjj`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime

import sqlalchemy as sa

from engine import accounts
from engine import engine as engines
from engine import people
from engine import tables

#: Posts begin before any date that a demonstration or a scenario uses.
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
UNTIL = datetime(2040, 1, 1, tzinfo=UTC)

#: Code, name, short name, code of the unit above.
UNITS = (
    ("xyx", "夏邑县人民政府", "县政府", None),
    ("zfb", "夏邑县人民政府办公室", "县政府办", "xyx"),
    ("dcs", "夏邑县人民政府督查室", "督查室", "zfb"),
    ("fgw", "夏邑县发展和改革委员会", "县发改委", "xyx"),
    ("zjj", "夏邑县住房和城乡建设局", "县住建局", "xyx"),
    ("mzj", "夏邑县民政局", "县民政局", "xyx"),
    ("cgj", "夏邑县城市管理局", "县城管局", "xyx"),
    ("sthjj", "商丘市生态环境局夏邑分局", "生态环境分局", "xyx"),
    ("jtj", "夏邑县教育体育局", "县教体局", "xyx"),
    ("jtysj", "夏邑县交通运输局", "县交通局", "xyx"),
    ("rsj", "夏邑县人力资源和社会保障局", "县人社局", "xyx"),
    ("wjw", "夏邑县卫生健康委员会", "县卫健委", "xyx"),
    ("slj", "夏邑县水利局", "县水利局", "xyx"),
    ("scjgj", "夏邑县市场监督管理局", "县市场监管局", "xyx"),
    ("cgz", "夏邑县城关镇人民政府", "城关镇", "xyx"),
    ("htz", "夏邑县会亭镇人民政府", "会亭镇", "xyx"),
    ("mtz", "夏邑县马头镇人民政府", "马头镇", "xyx"),
    ("ljx", "夏邑县骆集乡人民政府", "骆集乡", "xyx"),
    ("zjzl", "夏邑县建设工程质量监督站", "质监站", "zjj"),
    ("hjjc", "夏邑县环境监测站", "环境监测站", "sthjj"),
)
#: Units above the ones that undertake matters.
OFFICES = ("xyx", "zfb", "dcs")
#: What comes from the vertical tree (垂直管理).
VERTICAL = ("sthjj", "hjjc")

#: Account, role, name.
PERSONS = (
    ("dc_registrar", "dc_registrar", "周登记"),
    ("dc_officer", "dc_officer", "陈专员"),
    ("dc_officer_b", "dc_officer", "林专员"),
    ("dc_chief", "dc_chief", "吴主任"),
    ("go_section", "go_section", "郑科长"),
    ("go_deputy", "go_deputy", "张副主任"),
    ("go_director", "go_director", "李主任"),
    ("vice_mayor", "vice_mayor", "钱副县长"),
    ("exec_vice_mayor", "exec_vice_mayor", "赵常务"),
    ("mayor", "mayor", "王县长"),
    ("party_leader", "party_leader", "孙书记"),
    ("archivist", "archivist", "何档案"),
    ("perf_office", "perf_office", "许考核"),
    ("group_leader", "group_leader", "韩组长"),
    ("group_member", "group_member", "唐组员"),
    ("discipline_recv", "discipline_recv", "冯纪检"),
    ("sys_admin", "sys_admin", "曹系统"),
    ("sec_admin", "sec_admin", "袁安全"),
    ("audit_admin", "audit_admin", "邓审计"),
    ("process_designer", "process_designer", "彭设计"),
    ("biz_admin", "biz_admin", "曾业务"),
)
#: The roles of every unit that undertakes matters, and how their holders are called.
UNIT_ROLES = (
    ("unit_registrar", "收发"),
    ("unit_handler", "经办"),
    ("assist_handler", "协办"),
    ("unit_deputy", "副局长"),
    ("unit_head", "局长"),
)
TOWN_TITLES = {"副局长": "副镇长", "局长": "镇长"}
SURNAMES = "刘杨黄徐朱马胡郭罗高梁宋谢董萧程"
#: The AB角 of the supervision office (003): the second acts for the first.
PAIRS = (("dc_officer", "dc_officer_b"),)


@dataclass(frozen=True)
class Account:
    """Who can sign in, and as what."""

    person: str
    role: str
    name: str


def install(engine: engines.Engine, *, password: str) -> list[Account]:
    """Create what is missing of the demo county and return its accounts.

    What is there already stays as it is, passwords included.
    """
    # One hash serves all: it takes a tenth of a second by design.
    password_hash = accounts.hash_password(password)
    listed = list(demo_accounts())
    with engine.begin() as work:
        connection = work.connection
        units = set(connection.scalars(sa.select(tables.unit.c.code)))
        for code, name, short_name, parent in UNITS:
            if code not in units:
                people.add_unit(
                    connection,
                    code,
                    name,
                    short_name=short_name,
                    parent=parent,
                    tree_type="vertical" if code in VERTICAL else "administrative",
                )
        persons = set(connection.scalars(sa.select(tables.person.c.id)))
        for account in listed:
            if account.person not in persons:
                _add(connection, account, password_hash)
        substitution = tables.substitution.c
        paired = set(connection.scalars(sa.select(substitution.principal)))
        for principal, substitute in PAIRS:
            if principal not in paired:
                people.add_substitution(
                    connection,
                    principal,
                    substitute,
                    starts_at=SINCE,
                    ends_at=UNTIL,
                    reason="AB角",
                )
    return listed


def demo_accounts() -> Iterator[Account]:
    """Yield the accounts of the demo county, the office's before the units'."""
    for person, role, name in PERSONS:
        yield Account(person, role, name)
    undertaking = [unit for unit in UNITS if unit[0] not in OFFICES]
    for number, (code, name, short_name, _) in enumerate(undertaking):
        for place, (role, title) in enumerate(UNIT_ROLES):
            if name.endswith("镇人民政府"):
                title = TOWN_TITLES.get(title, title)
            elif name.endswith("乡人民政府"):
                title = TOWN_TITLES.get(title, title).replace("镇", "乡")
            elif name.endswith("委员会"):
                title = title.replace("局长", "主任")
            elif name.endswith("站"):
                title = title.replace("局长", "站长")
            surname = SURNAMES[(number * len(UNIT_ROLES) + place) % len(SURNAMES)]
            account = people.group(role, code)
            yield Account(account, account, f"{short_name}{surname}{title}")


def _add(connection: sa.Connection, account: Account, password_hash: str) -> None:
    people.add_person(
        connection,
        account.person,
        account.name,
        at=SINCE,
        password_hash=password_hash,
    )
    role, _, unit = account.role.partition(".")
    people.add_post(
        connection, account.person, role, unit_code=unit or None, starts_at=SINCE
    )
