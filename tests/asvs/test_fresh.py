"""A new instance: nobody's account, secrets of its own, no debugging, nothing of the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serment.config import environment
from serment.config.database import roles
from serment.identity.models import Account
from tests.asvs.source import importing

# The source is read once, by one of the test processes.
pytestmark = pytest.mark.xdist_group("source")


@pytest.mark.django_db
def test_a_new_instance_has_no_account(superuser: Any) -> None:
    """What migrations leave; the connection is one that no wall stops."""
    (found,) = superuser.execute(f"SELECT count(*) FROM {Account._meta.db_table}").fetchone()
    assert found == 0
    (staff,) = superuser.execute("SELECT count(*) FROM identity_staffmember").fetchone()
    assert staff == 0
    (walled,) = superuser.execute(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert walled is True  # the control: it would see them


def test_every_instance_draws_its_own_secrets(tmp_path: Path) -> None:
    for state in ("one", "two"):
        (tmp_path / state).mkdir(mode=0o700)
    drawn = [
        roles.password(tmp_path / state, role) for state in ("one", "two") for role in roles.ROLES
    ]
    assert len(set(drawn)) == len(drawn) > 6
    assert min(map(len, drawn)) >= 40
    for file in (tmp_path / "one" / "database-passwords").iterdir():
        assert file.stat().st_mode & 0o077 == 0


def test_debugging_is_off_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERMENT_DEBUG", "SERMENT_DEMO", "SERMENT_PLAIN_HTTP"):
        monkeypatch.delenv(name, raising=False)
    told = environment.read()
    assert (told.debug, told.demo, told.plain_http) == (False, False, False)
    monkeypatch.setenv("SERMENT_DEBUG", "1")
    assert environment.read().debug  # the control


def test_no_product_code_imports_a_test() -> None:
    assert importing("tests", "pytest", "hypothesis", "playwright", "aiosmtpd", "bench") == set()
