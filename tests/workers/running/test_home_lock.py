"""One Koi for each home."""

import os
from pathlib import Path

import pytest

from commands.runtime.services import is_running
from workers.running.home_lock import AlreadyRunningError, hold


def test_a_second_koi_on_the_same_home_is_refused(tmp_path: Path) -> None:
    """Two databases on one folder would destroy it; the words name the process that runs."""
    with hold(tmp_path), pytest.raises(AlreadyRunningError, match=rf"process {os.getpid()}"), hold(tmp_path):
        pass


def test_a_home_is_free_again_after_its_koi_ended(tmp_path: Path) -> None:
    """Whatever the way it ended: the lock belongs to the process."""
    with hold(tmp_path):
        assert is_running(tmp_path)
    assert not is_running(tmp_path)
    with hold(tmp_path):
        assert is_running(tmp_path)


def test_two_homes_are_two_kois(tmp_path: Path) -> None:
    """A bench beside a running installation."""
    with hold(tmp_path / "one"), hold(tmp_path / "other"):
        assert is_running(tmp_path / "one")
