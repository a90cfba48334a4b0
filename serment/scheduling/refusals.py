"""Why a booking does not happen, each in one sentence to the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from serment.errors import Conflict, NotThere, Refused

if TYPE_CHECKING:
    from serment.scheduling.missed_limit import Limit
    from serment.scheduling.search import Slot


class SlotTaken(Conflict):
    """Ce créneau vient d’être pris."""

    def __init__(self, sentence: str = "", nearest: Sequence[Slot] = ()) -> None:
        super().__init__(sentence)
        self.nearest = tuple(nearest)
        """The free slots nearest in time, earliest first; may be empty."""


class FormAlreadyUsed(Conflict):
    """Ce formulaire a déjà servi à prendre un autre rendez-vous."""


class CancelledSince(FormAlreadyUsed):
    """Le rendez-vous pris par ce formulaire a été annulé depuis."""


class AlreadyYours(Conflict):
    """Vous avez déjà ce rendez-vous."""

    def __init__(self, appointment_id: UUID) -> None:
        super().__init__()
        self.appointment_id = appointment_id
        """For the person whose visit it is, and nobody else."""


class AlreadyOver(Conflict):
    """Ce rendez-vous est déjà annulé ou passé."""


class LinkUsed(Conflict):
    """Ce lien a déjà servi."""


class MovedSince(Conflict):
    """Ce rendez-vous a été déplacé entre-temps."""


class NotOffered(Refused):
    """Ce créneau n’est pas proposé."""

    def __init__(self, sentence: str = "", nearest: Sequence[Slot] = ()) -> None:
        super().__init__(sentence)
        self.nearest = tuple(nearest)


class PastTime(NotOffered):
    """Cette heure est déjà passée."""


class NoticeTooShort(NotOffered):
    """Il est trop tard pour réserver ce créneau en ligne : appelez le cabinet."""


class BeyondHorizon(NotOffered):
    """Cette date n’est pas encore ouverte à la réservation."""


class DayFull(NotOffered):
    """Ce motif est complet ce jour-là."""


class RedFlagUnanswered(Refused):
    """Répondez d’abord aux questions de sécurité."""


class SeriesIsForOne(NotOffered):
    """Une série de séances se réserve pour une personne à la fois."""


class SeriesIsNotAwaited(Refused):
    """La liste d’attente garde une heure, et une série en prend plusieurs : appelez le cabinet."""


class ReasonClosed(Refused):
    """Ce motif n’est pas ouvert à la réservation en ligne."""


class NewPatientsRefused(Refused):
    """Ce soignant ne prend pas de nouveaux patients pour ce motif."""


class KnownPatientsRefused(Refused):
    """Ce motif est réservé à une première consultation."""


class ModeRefused(Refused):
    """Ce motif ne se fait pas de cette manière."""


class SomebodyElses(Refused):
    """Ce rendez-vous est celui d’une autre personne : rien n’a été déplacé."""


class TooMany(Refused):
    """Vous avez déjà autant de rendez-vous à venir qu’on peut en prendre en ligne."""


class AskedToCall(TooMany):
    """Ce cabinet vous demande de l’appeler pour prendre rendez-vous."""

    def __init__(self, limit: Limit) -> None:
        super().__init__()
        self.limit = limit
        """Until when, and after which visits: for the person they are, and nobody else."""


class TooLate(Refused):
    """C’est trop tard pour le faire en ligne : appelez le cabinet."""


class WaitingClosed(Refused):
    """Ce cabinet ne tient pas de liste d’attente en ligne : appelez-le."""


class AlreadyWaiting(Conflict):
    """Vous êtes déjà sur cette liste d’attente."""


class TooManyWishes(Refused):
    """Vous êtes déjà sur autant de listes d’attente qu’on peut l’être : quittez-en une."""


class NothingSuits(Refused):
    """Choisissez au moins un jour, et une heure de fin après celle du début."""


class NotAlone(Refused):
    """Ce rendez-vous va avec un autre : connectez-vous pour les changer ensemble, ou appelez."""


class NotInvited(Refused):
    """Ce motif prend plusieurs rendez-vous : réservez-les vous-même avec la personne."""


class KeptToOneself(Refused):
    """Aucun message ne part pour ce rendez-vous, que vous gardez pour vous : appelez le cabinet."""


class OfferOver(Conflict):
    """Cette heure n’est plus gardée pour vous. Vous restez à votre place sur la liste."""


class NoSuchWish(NotThere):
    """Vous n’êtes pas, ou plus, sur cette liste d’attente."""


class NoSuchReason(NotThere):
    """Ce motif n’existe pas ou n’existe plus."""


class NoSuchAppointment(NotThere):
    """Ce rendez-vous n’existe pas, ou n’est pas le vôtre."""
