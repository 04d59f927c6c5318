"""The table of what is made public (公开): the metadata beside the document."""

import sqlalchemy as sa

from engine import tables
from processes.supervision.tables import columns

publication = sa.Table(
    "publication",
    tables.metadata,
    columns.key(),
    sa.Column("document_id", sa.ForeignKey("document.id"), nullable=False, unique=True),
    #: 索引号, under which the public finds it.
    sa.Column("index_number", sa.Text, nullable=False, unique=True),
    #: 信息分类.
    sa.Column("category", sa.Text, nullable=False),
    #: 发布机构 and 发布日期, to the second.
    sa.Column("publisher", sa.Text, nullable=False),
    columns.moment("published_at"),
    #: 信息来源 and 关键词 may be empty.
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("keywords", sa.Text, nullable=False),
    #: 主题分类, 服务对象分类, 体裁分类 and 生命周期分类.
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("genre", sa.Text, nullable=False),
    sa.Column("life", sa.Text, nullable=False),
    #: 文号.
    sa.Column("number", sa.Text, nullable=False),
    #: 有效性 and 生效日期.
    sa.Column("validity", sa.Text, nullable=False),
    sa.Column("effective_on", sa.Date, nullable=False),
    #: 成文日期 and 信息名称.
    sa.Column("written_on", sa.Date, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    *columns.signature(),
)
