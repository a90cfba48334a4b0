"""What can go wrong at a provider, each with the sentence a person reads.

None of these leaks to a page of failure: whoever meets one is led back to the sign-in page, where
the other ways in stand. ``reason`` is a word for the log, never a value.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from serment.errors import SermentError


class NotSignedIn(SermentError):  # noqa: N818 -- what happened, in the field’s word
    """The provider signed nobody in."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(self.words() % {"provider": name})
        self.reason = reason

    @staticmethod
    def words() -> str:
        """The sentence; overridden by each."""
        return _("La connexion par %(provider)s n’a pas abouti. Essayez de nouveau.")


class ProviderDown(NotSignedIn):
    """No answer in time, or one that says so."""

    @staticmethod
    def words() -> str:
        """What to do instead."""
        return _(
            "%(provider)s ne répond pas en ce moment. Connectez-vous autrement,"
            " ou réessayez dans quelques minutes."
        )


class AnswerRefused(NotSignedIn):
    """An answer that is not what it should be: nothing is taken from it."""

    @staticmethod
    def words() -> str:
        """Said without detail."""
        return _(
            "La réponse de %(provider)s n’a pas pu être vérifiée : rien n’a été ouvert."
            " Connectez-vous autrement, ou réessayez."
        )


class TurnedBack(NotSignedIn):
    """The person came back without signing in, or was turned back there."""

    @staticmethod
    def words() -> str:
        """The person's own choice, most often."""
        return _(
            "Vous n’avez pas terminé la connexion chez %(provider)s."
            " Essayez de nouveau, ou connectez-vous autrement."
        )


class NotAwaited(NotSignedIn):
    """No such sign-in is under way here: used, too old, or begun elsewhere."""

    @staticmethod
    def words() -> str:
        """As of a code that was used."""
        return _(
            "Cette connexion par %(provider)s n’est plus attendue : elle a servi,"
            " ou dix minutes ont passé. Recommencez."
        )


class LevelTooLow(NotSignedIn):
    """Signed in there, but less surely than was asked."""

    @staticmethod
    def words() -> str:
        """Which kind of identity is wanted."""
        return _(
            "%(provider)s n’a pas confirmé votre identité au niveau demandé."
            " Choisissez-y une identité plus sûre, ou connectez-vous autrement."
        )
