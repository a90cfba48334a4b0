"""A root key that only a PKCS#11 token opens: a smart card, a hardware module, SoftHSM.

The token holds an AES key that never leaves it; the closed root key lies in the vault's file and
goes through the token once, at the keeper's start.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from serment.keeper.root_key.closing import NONCE_BYTES, PLACE, RootKeyUnusable

if TYPE_CHECKING:
    import pkcs11

TAG_BITS: Final = 128
KEY_BITS: Final = 256


class FromToken(msgspec.Struct, tag="pkcs11", frozen=True):
    """Which module, token and key open the root key."""

    module: str
    token: str
    key: str
    closed: bytes


class TokenUnusable(RootKeyUnusable):
    """The security token cannot be used."""


def close(root: bytes, module: str, token: str, key: str, pin: str) -> FromToken:
    """Close a root key with the token's key of that name, made in the token where it is missing."""
    from pkcs11 import Attribute, KeyType
    from pkcs11.exceptions import NoSuchKey

    nonce = os.urandom(NONCE_BYTES)
    with _session(module, token, pin, write=True) as session:
        try:
            held: Any = session.get_key(label=key, key_type=KeyType.AES)
        except NoSuchKey:
            never_leaves = {
                Attribute.TOKEN: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False,
            }  # fmt: skip
            held = session.generate_key(KeyType.AES, KEY_BITS, label=key, template=never_leaves)
        closed = held.encrypt(root, **_how(nonce))
    return FromToken(module, token, key, nonce + bytes(closed))


def open_with(source: FromToken, pin: str) -> bytes:
    """The root key. Raises TokenUnusable, saying whether module, token, PIN or key is wrong."""
    from pkcs11 import KeyType
    from pkcs11.exceptions import NoSuchKey, PKCS11Error

    nonce, closed = source.closed[:NONCE_BYTES], source.closed[NONCE_BYTES:]
    with _session(source.module, source.token, pin, write=False) as session:
        try:
            held: Any = session.get_key(label=source.key, key_type=KeyType.AES)
            return bytes(held.decrypt(closed, **_how(nonce)))
        except NoSuchKey as none:
            raise TokenUnusable(f"The token holds no key named “{source.key}”.") from none
        except PKCS11Error as other:
            raise TokenUnusable("The token's key does not open the root key.") from other


@contextmanager
def _session(module: str, token: str, pin: str, *, write: bool) -> Iterator[pkcs11.Session]:
    try:
        import pkcs11
        from pkcs11 import exceptions
    except ImportError as missing:
        raise TokenUnusable("The package python-pkcs11 is not installed.") from missing
    try:
        held = pkcs11.lib(module).get_token(token_label=token)
        session = held.open(rw=write, user_pin=pin)
    except exceptions.NoSuchToken as none:
        raise TokenUnusable(f"No token named “{token}” is there.") from none
    except (exceptions.PinIncorrect, exceptions.PinLenRange, exceptions.PinLocked) as wrong:
        raise TokenUnusable("The token refuses this PIN.") from wrong
    except (exceptions.PKCS11Error, RuntimeError) as fault:
        raise TokenUnusable(f"The module {module} cannot be used.") from fault
    with session:
        yield session


def _how(nonce: bytes) -> dict[str, Any]:
    from pkcs11 import GCMParams, Mechanism

    return {
        "mechanism": Mechanism.AES_GCM,
        "mechanism_param": GCMParams(nonce, PLACE, TAG_BITS),
    }
