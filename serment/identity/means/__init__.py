"""What an account proves itself with: second factors, recovery codes, passkeys, open sessions."""

from __future__ import annotations

from uuid import UUID


def plant(account: UUID, secret: str = "") -> str:
    """Give an account an application of codes without asking it: a seed, a test. Its secret."""
    from serment.identity.means import keeping, totp  # models need Django to be set up
    from serment.identity.means.book import Totp

    secret = secret or totp.new_secret()
    with keeping.changing_alone(account) as book:
        book.totp = Totp(secret)
    return secret


def forget_all(account: UUID) -> None:
    """Take password, factors and sessions of a colleague whom a second person vouches for again.

    The password too: without a second factor beside it whoever knew it would be first to add one.
    """
    from serment.directory import tenancy
    from serment.identity.means import keeping, listed
    from serment.identity.models import Account

    with keeping.changing_alone(account) as book:
        book.drop_factors()
        book.move = None  # two people vouch: no mailbox stands in the way of new means
        listed.end_all(book)
    with tenancy.inside(account=account):
        row = Account.objects.select_for_update().get(pk=account)
        row.set_unusable_password()
        row.save(update_fields=["password"])


def end_sessions(account: UUID) -> None:
    """End every page an account has open: somebody left, or lost the device it was open on."""
    from serment.identity.means import keeping, listed

    with keeping.changing_alone(account) as book:
        listed.end_all(book)


def trust_again(account: UUID) -> None:
    """A second person brought them in anew: a mailbox that changed a password is no doubt now."""
    from serment.identity.means import keeping

    with keeping.changing_alone(account) as book:
        book.doubted = ""
