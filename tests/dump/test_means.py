"""What somebody signs in with, stolen with the database: neither a secret nor a key lies there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from serment.config.database import roles
from serment.config.environment import run_folder
from serment.web.theft import ways_of_writing
from tests.dump import loot
from tests.dump.conftest import take
from tests.journeys.demo import Demo

pytestmark = pytest.mark.xdist_group("demo")

_MAKE = """
import django, json, secrets, sys
django.setup()
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import AttestedCredentialData
from serment.disclosure import SYSTEM
from serment.identity import means, registration
from serment.identity.means import codes, keeping
from serment.identity.means.book import Listed, Passkey
named = {"given_name": "Maïlys", "family_name": "Kervoélen"}
account = registration.create(SYSTEM, "mailys.k@exemple.fr", named).pk
secret = means.plant(account)
key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
made = AttestedCredentialData.create(bytes(16), secrets.token_bytes(32), key)
with keeping.changing_alone(account) as book:
    shown = codes.renew(book)
    book.passkeys = [Passkey(made.credential_id.hex(), "Téléphone de Maïlys", bytes(made))]
    book.devices = [secrets.token_hex(16)]
    json.dump({
        "account": str(account), "secret": secret, "codes": shown, "digests": book.codes,
        "name": book.passkeys[0].name, "device": book.devices[0],
        "credential": made.credential_id.hex(), "key": bytes(key[-2]).hex(),
    }, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Means:
    """Of one account: texts as a person or a program writes them, and bytes."""

    account: UUID
    texts: list[str]
    bytes: list[bytes]

    def ways(self) -> Iterator[bytes]:
        """Everything that must not be found, in every way of writing."""
        for text in self.texts:
            yield from ways_of_writing(text).values()
        for raw in self.bytes:
            yield from written(raw)


def written(raw: bytes) -> Iterator[bytes]:
    """Bytes as they are, and as text carries them: alone, or in the middle of a longer text."""
    yield raw
    yield raw.hex().encode()
    yield base64.b32encode(raw).rstrip(b"=")
    for before in range(3):
        inside = base64.b64encode(bytes(before) + raw)
        certain = inside[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        yield certain
        yield certain.replace(b"+", b"-").replace(b"/", b"_")


def found(dump: bytes, needles: Iterable[bytes]) -> list[bytes]:
    """Those that lie there, in capitals or not."""
    low = dump.lower()
    return [one for one in {needle.lower() for needle in needles} if one in low]


@pytest.fixture(scope="module")
def means(demo: Demo) -> Means:
    """A new account's application, codes, passkey and device."""
    told = json.loads(demo.run("-c", _MAKE).stdout)
    plain = [code.replace("-", "") for code in told["codes"]]
    texts = [told["secret"], *told["codes"], *plain, *told["digests"], told["name"], told["device"]]
    raw = [
        base64.b32decode(told["secret"]),
        bytes.fromhex(told["credential"]),
        bytes.fromhex(told["key"]),
        *(bytes.fromhex(one) for one in told["digests"]),
    ]
    return Means(UUID(told["account"]), texts, raw)


def test_no_secret_code_nor_passkey_is_in_a_stolen_database(demo: Demo, means: Means) -> None:
    stolen = take(demo)
    assert found(stolen, means.ways()) == []
    # A passkey's user handle is the account's id, which is its row's: that row alone, and the one
    # that says its address was confirmed, and in no other way of writing.
    assert found(stolen, written(means.account.bytes)) == []
    named = {
        table.name
        for table in loot.tables(stolen).values()
        if any(str(means.account).encode() in cell for row in table.rows for cell in row)
    }
    assert named == {"identity_account", "account_emailaddress"}
    # Nor in what the keeper keeps, which its root key closes.
    kept = [path for path in (demo.state / "keeper").rglob("*") if path.name != "root.key"]
    for path in kept:
        if path.is_file():
            assert found(path.read_bytes(), means.ways()) == [], path.name


def test_left_in_clear_each_would_be_found(demo: Demo, means: Means) -> None:
    """The control: a release that kept them, as text, as bytes and inside other text."""
    handle = means.account.bytes
    with roles.connect(demo.state, run_folder(demo.state), "serment") as root:
        root.execute("CREATE TABLE careless_means (words text, raw bytea)")
        try:
            told = json.dumps({"totp": means.texts[0], "codes": means.texts[1:9]})
            user = "id=" + base64.urlsafe_b64encode(b"u:" + handle).decode()
            root.execute("INSERT INTO careless_means VALUES (%s, %s)", [told, means.bytes[1]])
            root.execute("INSERT INTO careless_means VALUES (%s, %s)", [user, means.bytes[2]])
            stolen = take(demo)
        finally:
            root.execute("DROP TABLE careless_means")
    for text in means.texts[:9]:
        assert found(stolen, ways_of_writing(text).values()), text
    for raw in (handle, *means.bytes[1:3]):
        assert found(stolen, written(raw))
