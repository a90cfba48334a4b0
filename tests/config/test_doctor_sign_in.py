"""What the doctor says of providers of sign-in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serment.config import environment
from serment.config.doctor import sign_in
from serment.config.environment import Environment, OpenidSetting
from serment.errors import SettingWrong


def _env(folder: Path, *, public: str = "https://rdv.example", **changed: Any) -> Environment:
    secret = folder / "secret"
    if not secret.exists():
        secret.write_text("a secret")
        secret.chmod(0o600)
    one = OpenidSetting("franceconnect", "production", "an id", secret, None)
    return replace(environment.read(), public_url=public, openid=(replace(one, **changed),))


def _found(env: Environment) -> tuple[str, str]:
    (finding,) = sign_in.findings(env)
    return finding.weight, finding.sentence


def test_one_that_is_set_is_said_with_the_address_to_register(tmp_path: Path) -> None:
    (finding,) = sign_in.findings(_env(tmp_path))
    assert finding.weight == "notice"
    assert "https://oidc.franceconnect.gouv.fr/api/v2" in finding.sentence
    assert "https://rdv.example/compte/par/franceconnect/retour/" in finding.mend
    assert list(sign_in.findings(replace(_env(tmp_path), openid=()))) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"secret_file": Path("/nowhere")}, "cannot be read"),
        ({"place": "http://idp.example"}, "sandbox, production or an https address"),
        ({"slug": "franceconnect-plus"}, "KEY_FILE"),
        ({"public": "http://rdv.example"}, "not https"),
    ],
)
def test_what_cannot_work_is_a_fault(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    weight, sentence = _found(_env(tmp_path, **changed))
    assert weight == "fault"
    assert said in sentence


def test_a_secret_that_others_may_read_is_a_fault(tmp_path: Path) -> None:
    env = _env(tmp_path)
    env.openid[0].secret_file.chmod(0o644)
    assert _found(env)[0] == "fault"


def test_one_set_by_halves_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERMENT_PRO_SANTE_CONNECT", "sandbox")
    with pytest.raises(SettingWrong, match="CLIENT_ID"):
        environment.read()
    monkeypatch.setenv("SERMENT_PRO_SANTE_CONNECT_CLIENT_ID", "x")
    monkeypatch.setenv("SERMENT_PRO_SANTE_CONNECT_SECRET_FILE", "/etc/hostname")
    assert environment.read().openid[0].slug == "pro-sante-connect"
