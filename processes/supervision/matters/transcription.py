"""Texts that were garbled on their way: 濟(jì)政辦發(fā) is 济政办发 (R-00-42).

Some collections of official documents print traditional characters and put the reading
behind each of them. Only a text with such readings is mended: a name that somebody
typed in traditional characters is left as it is.
"""

import re
from functools import cache

import opencc

#: A Chinese character, then its reading with a tone mark or without, in brackets.
READING = re.compile(
    r"(?<=[\u4e00-\u9fff])[（(][a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹ]{1,6}[)）]"
)


def mended(text: str) -> str:
    """Return the text without the readings, in simplified characters."""
    plain, count = READING.subn("", text)
    return _converter().convert(plain) if count else text


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
