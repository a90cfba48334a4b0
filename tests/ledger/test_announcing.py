"""A round of the worker, and the files as the public port gives them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.types import Message

from serment.ledger import announcing, checkpoint, cosign, note, policy
from serment.ledger.checkpoint import Signed
from serment.ledger.cosign import Prove, WitnessAhead, WitnessDown
from serment.ledger.note import Signature
from serment.ledger.policy import Party
from serment.ledger.serving import files
from serment.ledger.witness import Witness
from tests.apart import apart
from tests.ledger import oracle
from tests.ledger.making import KEY, NOW, OTHER_WITNESS, WITNESS, Made

POLICY = policy.parse(
    f"""
log {KEY.verifier.text}
witness a {WITNESS.verifier.text} http://a.invalid
witness b {OTHER_WITNESS.verifier.text} http://b.invalid
group both all a b
quorum both
""".encode()
)


class Neighbours:
    """Two real witnesses without a network between."""

    def __init__(self, folder: Path) -> None:
        self.down: set[str] = set()
        self.witnesses = {
            one.verifier.name: Witness(folder / str(n), one, [KEY.verifier], lambda: NOW)
            for n, one in enumerate((WITNESS, OTHER_WITNESS))
        }

    def post(self, prefix: str, body: bytes) -> tuple[int, str, str]:
        name = prefix.removeprefix("http://").removesuffix(".invalid")
        if name in self.down:
            raise WitnessDown
        verifier = POLICY.witnesses[name].verifier
        answer = self.witnesses[verifier.name].add_checkpoint(body)
        return answer.status, answer.type.split(";")[0], answer.body


@pytest.fixture
def neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Neighbours:
    made = Neighbours(tmp_path / "witnesses")
    monkeypatch.setattr(cosign, "_post", made.post)
    return made


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "ledger")


def sign_more(made: Made, count: int) -> None:
    publisher = made.publisher()
    added = oracle.entries(len(made.entries) + count)[len(made.entries) :]
    made.entries += added
    publisher.publish(added)
    publisher.close()


def test_without_a_policy_a_round_announces_at_once(made: Made) -> None:
    assert announcing.go_on(made.site, made.inbox).announced == 0
    for _ in range(2):
        sign_more(made, 130)
        for _ in range(2):
            found = announcing.go_on(made.site, made.inbox)
            assert (found.built, found.announced) == (len(made.entries), len(made.entries))


def test_readers_keep_the_former_checkpoint_until_the_quorum_answers(
    made: Made, neighbours: Neighbours
) -> None:
    sign_more(made, 10)
    assert announcing.go_on(made.site, made.inbox, POLICY).cosigned == 2
    neighbours.down = {"b"}
    sign_more(made, 10)
    late = announcing.go_on(made.site, made.inbox, POLICY)
    assert (late.built, late.announced, list(late.refusals), late.alarm) == (20, 10, ["b"], False)
    sign_more(made, 300)
    assert announcing.go_on(made.site, made.inbox, POLICY).announced == 10
    neighbours.down = set()
    assert announcing.go_on(made.site, made.inbox, POLICY).announced == 320
    data = (made.site.folder / "checkpoint").read_bytes()
    opened = checkpoint.open_signed(data, [KEY.verifier], POLICY.witness_keys())
    assert POLICY.is_met_by(set(opened.cosigned))
    again = announcing.go_on(made.site, made.inbox, POLICY)
    assert (again.announced, again.cosigned, again.refusals) == (320, 2, {})


def test_a_rolled_back_log_is_an_alarm_and_is_not_announced(
    made: Made, neighbours: Neighbours, tmp_path: Path
) -> None:
    sign_more(made, 100)
    announcing.go_on(made.site, made.inbox, POLICY)
    rolled_back = Made(tmp_path / "older")
    sign_more(rolled_back, 50)
    found = announcing.go_on(rolled_back.site, rolled_back.inbox, POLICY)
    assert (found.announced, found.alarm) == (0, True)


def test_a_witness_that_answers_nonsense_is_told_and_does_not_count(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_more(made, 3)
    signed = made.site.build(made.inbox)
    assert signed is not None
    party = Party(WITNESS.verifier, "http://a.invalid")
    false = WITNESS.line(b"another text\n", NOW)
    other = OTHER_WITNESS.line(signed.note.text, NOW)
    for status, body in ((200, ""), (200, "x\n"), (200, false), (200, other), (500, ""), (302, "")):
        monkeypatch.setattr(cosign, "_post", lambda p, b, s=status, t=body: (s, "text/plain", t))
        found = cosign.gather({"a": party}, signed, lambda old: [])
        assert (found.signatures, list(found.refusals)) == ([], ["a"])
    for size in ("x", "99", "3", "-1"):
        monkeypatch.setattr(
            cosign, "_post", lambda p, b, t=size: (409, "text/x.tlog.size", f"{t}\n")
        )
        found = cosign.gather({"a": party}, signed, lambda old: [])
        assert found.alarm == (size in ("99", "3"))


def ask_ahead(signed: Signed, prove: Prove) -> Signature:
    return cosign.ask(Party(WITNESS.verifier, "http://a.invalid"), signed, 0, prove)


def test_a_larger_size_at_the_witness_is_named_as_such(
    made: Made, neighbours: Neighbours, tmp_path: Path
) -> None:
    sign_more(made, 9)
    ahead = made.site.build(made.inbox)
    assert ahead is not None
    ask_ahead(ahead, lambda old: [])
    behind = Made(tmp_path / "behind")
    sign_more(behind, 5)
    signed = behind.site.build(behind.inbox)
    assert signed is not None
    with pytest.raises(WitnessAhead):
        ask_ahead(signed, lambda old: [])


Got = tuple[int, dict[str, str], bytes]


def get(folder: Path, path: str, method: str = "GET") -> Got:
    """Ask the application as a server would."""
    sent: list[Message] = []
    scope = {
        "type": "http", "method": method, "path": unquote(path), "raw_path": path.encode(),
        "root_path": "", "query_string": b"", "headers": [], "http_version": "1.1",
        "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    apart(files(folder)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:])


def test_the_ports_files_have_the_headers_of_the_specification(made: Made) -> None:
    made.grow(300, WITNESS)
    folder = made.site.folder
    (folder / "secret").write_text("x", encoding="utf-8")
    _, headers, data = get(folder, "/checkpoint")
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["cache-control"] == "public, max-age=2"
    assert note.parse(data).text.startswith(KEY.verifier.name.encode())
    _, headers, data = get(folder, "/tile/0/000")
    assert (headers["content-type"], len(data)) == ("application/octet-stream", 8192)
    assert "immutable" in headers["cache-control"]
    assert len(get(folder, "/tile/entries/001.p/44")[2]) == 44 * 34
    for path in (
        "/", "/secret", "/built", "/tile/0/999", "/tile/0/../../secret", "/tile/0/000.p/256",
        "/tile/0/%2e%2e/%2e%2e/secret", "/tile/0/.000.new", "/tile/0", "/tile/64/000",
        "//etc/passwd", "/tile/0/%D9%A0%D9%A0%D9%A0",
    ):  # fmt: skip
        assert get(folder, path)[0] == 404, path
    assert get(folder, "/checkpoint", "POST")[0] == 405
