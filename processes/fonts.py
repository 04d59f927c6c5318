"""Where the typefaces of official documents are found."""

import os
from pathlib import Path

#: Open fonts copied here at set-up, so that a machine without any can print Chinese.
PACKAGED = Path(__file__).parent / "typefaces"


def font_paths() -> list[Path]:
    """Return the font directories, the office's licensed fonts before the packaged.

    The office names its own directory in the setting DUCHA_FONT_DIR. Raise
    FileNotFoundError where a directory is missing: Typst would print blanks instead.
    """
    licensed = os.environ.get("DUCHA_FONT_DIR")
    paths = [Path(licensed), PACKAGED] if licensed else [PACKAGED]
    for path in paths:
        if not path.is_dir():
            raise FileNotFoundError(f"字体目录不存在：{path}（请运行 make setup）")
    return paths
