"""``serment ledger verify`` on a folder and on an address, and the same answer as the one file."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from serment.config import command_line
from serment.ledger import commitment, offline, segment
from serment.ledger.source import Address, SourceDown, SourceUnusable, open_source
from serment.ledger.tiles import TileWrong
from tests.ledger import oracle
from tests.ledger.making import KEY, WITNESS, Made


def opening(number: int) -> bytes:
    """What the keeper keeps behind a leaf, sealed parts left empty."""
    hashes = [bytes([side]) * 31 + bytes([number % 256]) for side in (1, 2)]
    return msgspec.msgpack.encode([1, b"e", number.to_bytes(2, "big"), *hashes, b"", b""])


def leaves(count: int) -> list[bytes]:
    """Entries that their openings lead to."""
    parts = [msgspec.msgpack.decode(opening(number)) for number in range(count)]
    return [commitment.leaf_of(part[3], part[4]) for part in parts]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    found = Made(tmp_path_factory.mktemp("ledger"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oracle, "entries", leaves)
        found.grow(100, WITNESS)
        found.grow(200, WITNESS)
    own = segment.Segment(found.folder / "segment.log")
    own.append([(entry, opening(number)) for number, entry in enumerate(found.entries)])
    own.close()
    (found.folder / "key").write_text(KEY.verifier.text + "\n", encoding="utf-8")
    return found


class Quiet(SimpleHTTPRequestHandler):
    """A folder on the web, without a line for each request."""

    protocol_version = "HTTP/1.1"
    timeout = 1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def address(made: Made) -> Iterator[str]:
    handler = partial(Quiet, directory=str(made.site.folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(*arguments: object) -> int:
    return command_line._run(["ledger", "verify", *map(str, arguments)])


def test_a_folder_and_an_address_give_the_same_verdict(
    made: Made, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for where in (made.site.folder, address + "/"):
        assert run(where, "--key", made.folder / "key", "--json") == 0
        told.append(json.loads(capsys.readouterr().out))
    assert offline.main([str(made.site.folder), "--key", KEY.verifier.text, "--json"]) == 0
    told.append(json.loads(capsys.readouterr().out))
    assert told[0] == told[1] == told[2]
    assert (told[0]["verdict"], told[0]["size"]) == ("intact", 300)


def test_an_address_is_read_over_one_line_and_survives_its_end(
    made: Made, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Address(address)
    whole = (made.site.folder / "checkpoint").read_bytes()
    opened = []
    real = HTTPConnection.connect
    monkeypatch.setattr(HTTPConnection, "connect", lambda line: (opened.append(1), real(line))[1])
    assert [source.read("checkpoint") for _ in range(5)] == [whole] * 5
    assert len(opened) == 1
    source._line.sock.shutdown(socket.SHUT_RDWR)
    assert source.read("checkpoint") == whole
    assert len(opened) == 2
    assert source.read("tile/0/999") is None
    (made.site.folder / "long").write_bytes(bytes(1 << 18))
    with pytest.raises(TileWrong):
        source.read("long")
    (made.site.folder / "long").unlink()
    assert source.read("checkpoint") == whole
    with pytest.raises(SourceDown, match="301"):
        source.read("tile")
    for wrong in ("http://", "https://a:b", "http://[", "ftp://a"):
        with pytest.raises(SourceUnusable):
            open_source(wrong)


def test_the_keepers_segment_is_compared_with_what_was_published(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, own = KEY.verifier.text, made.folder / "segment.log"
    assert run(made.site.folder, "--key", key, "--segment", own) == 0
    other = segment.Segment(tmp_path / "other")
    other.append([(leaves(1)[0], opening(0))] * 300)
    other.close()
    assert run(made.site.folder, "--key", key, "--segment", tmp_path / "other") == 3
    assert "Entries from 0 on are not those of the keeper's own ledger." in capsys.readouterr().out
    damaged = bytearray(own.read_bytes())
    damaged[1000] ^= 1
    (tmp_path / "damaged").write_bytes(damaged)
    assert run(made.site.folder, "--key", key, "--segment", tmp_path / "damaged") == 3
    assert "keeper's own ledger is damaged" in capsys.readouterr().out
    # Every leaf as it was published, two openings in each other's place.
    swapped = segment.Segment(tmp_path / "swapped")
    places = [1, 0, *range(2, 300)]
    swapped.append([(made.entries[seq], opening(place)) for seq, place in enumerate(places)])
    swapped.close()
    assert run(made.site.folder, "--key", key, "--segment", tmp_path / "swapped") == 3
    assert "keeper's own ledger is damaged" in capsys.readouterr().out


def test_what_cannot_be_asked_is_said_in_a_sentence(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 2
    assert run(tmp_path / "nowhere") == 2
    assert run(made.site.folder, "--policy", tmp_path / "nowhere") == 2
    assert run("http://127.0.0.1:9", "--key", KEY.verifier.text) == 4
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 4
    assert all(line.endswith(".") for line in told)
    assert run(made.site.folder) == 4
    assert "No key was given" in capsys.readouterr().out
