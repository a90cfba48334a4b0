"""The sign-in book of one account: its factors, its sessions and the devices it knows. Pure.

Sealed whole by the keeper (``Account.sign_in_book``), so a dump of the database shows neither a
secret, a credential, a device nor an instant, and not even which factors somebody has.
"""

from __future__ import annotations

from typing import Final

import msgspec

SESSIONS_MAX: Final = 30
"""Listed at once; the longest unseen leaves the list and is ended."""

DEVICES_MAX: Final = 50
PASSKEYS_MAX: Final = 20


class Totp(msgspec.Struct, omit_defaults=True):
    """An application that shows six digits; ``last``: the newest time step already used."""

    secret: str
    last: int = 0


class Passkey(msgspec.Struct, omit_defaults=True):
    """A public key; ``credential`` is WebAuthn's attested credential data."""

    id: str
    name: str
    credential: bytes
    count: int = 0
    added: str = ""
    used: str = ""


class Listed(msgspec.Struct, omit_defaults=True):
    """One signed-in session, named by the digest of its row; instants in whole minutes."""

    digest: str
    device: str
    since: str
    seen: str


class Move(msgspec.Struct, omit_defaults=True):
    """The account moves to another address: asked for, and then done, at instants (ISO 8601).

    ``new`` and ``old``: digests of what the links to the two mailboxes carry. ``stopped``: when the
    former mailbox said no; nothing else is kept then.
    """

    to: str = ""
    was: str = ""
    new: str = ""
    old: str = ""
    asked: str = ""
    done: str = ""
    stopped: str = ""

    @property
    def waits(self) -> bool:
        """Whether the new mailbox has not answered yet, and the former one has not said no."""
        return not (self.done or self.stopped)


class Book(msgspec.Struct, omit_defaults=True):
    """Everything sign-in keeps of an account.

    ``codes``: digests of the recovery codes left. ``devices``: digests of the marks given to
    browsers that signed in before. ``paper``: the codes are the second factor itself, on a sheet
    from a desk, also once all of them have served. ``asked_back``: when somebody without any
    factor asked for the account back. ``doubted``: when a mailbox alone had changed the password;
    empty again once a second factor was shown, or a second person vouched. ``move``: another
    address that was asked for, or that is so new that the former one may still take it back, or
    that the former one has just refused.
    """

    totp: Totp | None = None
    codes: list[str] = []
    passkeys: list[Passkey] = []
    sessions: list[Listed] = []
    devices: list[str] = []
    asked_back: str = ""
    doubted: str = ""
    paper: bool = False
    move: Move | None = None

    @property
    def has_second_factor(self) -> bool:
        """Whether a password alone is not enough."""
        return self.totp is not None or bool(self.passkeys) or self.paper

    @property
    def vouched_by_mail(self) -> bool:
        """Whether a mailbox alone chose the password, and no second factor was shown since."""
        return bool(self.doubted) and self.has_second_factor

    def proved(self) -> None:
        """A second factor was shown: whoever asked for the account back did not lose them all, and
        whoever chose the password is no thief of a mailbox."""
        self.asked_back = self.doubted = ""

    def move_no_further(self) -> None:
        """Another address that was asked for and has not answered is asked for no more."""
        if self.move is not None and self.move.waits:
            self.move = None

    def passkey(self, id: str) -> Passkey | None:  # noqa: A002
        """The passkey of an id."""
        return next((one for one in self.passkeys if one.id == id), None)

    def drop_factors(self) -> None:
        """As before the first of them; sessions and devices stay."""
        self.totp, self.codes, self.passkeys, self.asked_back = None, [], [], ""
        self.paper = False


def read(text: str) -> Book:
    """The book of its sealed text; an account that never signed in has an empty one."""
    return msgspec.json.decode(text, type=Book) if text else Book()


def write(book: Book) -> str:
    """The text to seal."""
    return msgspec.json.encode(book).decode()
