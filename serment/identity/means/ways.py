"""What an account is signed in with, said in one sentence that is true of it. Pure.

An application of codes opens nothing by itself: it comes after a password. A professional key lies
with the keeper and stands in no book, so who asks counts it and says so here.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


@dataclass(frozen=True, slots=True)
class Ways:
    """``keys``: how many of the account's own, or of the professional ones; ``providers``: names
    of those that vouch for it, such as FranceConnect."""

    staff: bool
    password: bool = False
    application: bool = False
    paper: bool = False
    keys: int = 0
    providers: tuple[str, ...] = ()

    @property
    def second(self) -> bool:
        """Whether something is asked for after the password."""
        return self.application or self.paper or (self.keys > 0 and not self.staff)

    @property
    def is_thin(self) -> bool:
        """Whether something is to be done about it: one theft or one loss is enough."""
        if self.keys:
            return self.keys == 1 and not self.password and not self.providers
        return not self.providers and not (self.password and self.second)


def in_words(ways: Ways) -> str:
    """How one comes in, and what is missing where something is."""
    if ways.keys:
        return _by_key(ways)
    if ways.password:
        return _by_password(ways)
    if ways.providers:
        named = ", ".join(ways.providers)
        return _("Vous entrez par %(provider)s, sans mot de passe.") % {"provider": named}
    if ways.staff:
        return _(
            "Rien ne vous fera entrer la prochaine fois : ni mot de passe, ni clé. Créez une clé"
            " professionnelle maintenant, ou demandez un nouveau lien à la personne responsable."
        )
    return _(
        "Rien ne vous fera entrer la prochaine fois : ni mot de passe, ni clé. Créez une clé"
        " d’accès maintenant, ou choisissez un mot de passe par « Mot de passe oublié »."
    )


def _by_key(ways: Ways) -> str:
    if not ways.password:
        alone = ngettext(
            "Vous entrez avec votre clé, sans mot de passe.",
            "Vous entrez avec l’une de vos clés, sans mot de passe.",
            ways.keys,
        )
        if not ways.is_thin:
            return alone
        return f"{alone} " + _(
            "C’est la seule : ajoutez-en une seconde, pour le jour où cet appareil sera perdu."
        )
    return _("Une clé suffit pour entrer.") + f" {_after_password(ways)}"


def _after_password(ways: Ways) -> str:
    if ways.application:
        return _("Sans elle : votre mot de passe, puis les six chiffres de l’application.")
    if ways.paper:
        return _("Sans elle : votre mot de passe, puis un code de votre feuille.")
    if ways.staff:
        return _("Sans elle, votre mot de passe seul n’ouvre aucune donnée de patients.")
    return _("Elle est demandée aussi après le mot de passe.")


def _by_password(ways: Ways) -> str:
    if ways.application:
        return _("Vous entrez avec votre mot de passe, puis les six chiffres de l’application.")
    if ways.paper:
        return _("Vous entrez avec votre mot de passe, puis un code de votre feuille.")
    if ways.staff:
        return _(
            "Votre compte n’a qu’un mot de passe : seul, il n’ouvre aucune donnée de patients."
            " Ajoutez une clé professionnelle ou une application."
        )
    return _(
        "Votre compte n’a qu’un mot de passe. Ajoutez une clé d’accès ou une application :"
        " un mot de passe volé ne suffira plus."
    )


def without_password(ways: Ways) -> str:
    """Where one would change it: why there is none, and whether one is wanted."""
    if ways.keys:
        return _("Vous n’en avez pas, et n’en avez pas besoin : une clé suffit.")
    if ways.providers:
        return _("Vous n’en avez pas, et n’en avez pas besoin.")
    return _("Vous n’en avez pas.")
