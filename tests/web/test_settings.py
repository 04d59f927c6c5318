"""Settings come from the environment, and wrong ones are named."""

import stat
from pathlib import Path

import pytest

from web import settings


def test_a_secret_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    """The file is readable by its owner only; the next start finds the same secret."""
    first = settings.from_environment({"DUCHA_HOME": str(tmp_path)})
    second = settings.from_environment({"DUCHA_HOME": str(tmp_path)})

    assert first.secret_key == second.secret_key
    assert 64 == len(first.secret_key)
    assert 0o600 == stat.S_IMODE((tmp_path / "secret").stat().st_mode)
    assert ["secret"] == [path.name for path in tmp_path.iterdir()]


def test_the_database_lies_in_the_home_directory(tmp_path: Path) -> None:
    """Without a setting there is one SQLite file."""
    chosen = settings.from_environment({"DUCHA_HOME": str(tmp_path)})

    assert f"sqlite:///{tmp_path}/ducha.sqlite" == chosen.database_url


@pytest.mark.parametrize(
    ("name", "value"), [("DUCHA_HEARTBEAT", "maybe"), ("DUCHA_HOTLINE_KEYS", "short")]
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    """The message carries the name of the setting."""
    with pytest.raises(settings.BadSetting, match=name):
        settings.from_environment({"DUCHA_HOME": str(tmp_path), name: value})
