"""Recorded fields and purposes in words: what a person reads under "opened"."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from serment.disclosure import all_sealed
from serment.disclosure.told import NOT_FIELDS, Disclosure

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_PURPOSES: dict[str, _StrPromise] = {
    "booking": _("prendre le rendez-vous"),
    "reception": _("l’accueil et le secrétariat"),
    "agenda": _("tenir l’agenda"),
    "care": _("la consultation"),
    "self": _("lire vos propres données"),
    "message": _("vous envoyer un message"),
    "import": _("reprendre le fichier du cabinet"),
    "search": _("retrouver un dossier"),
    "identity": _("vérifier une identité"),
    "administration": _("l’administration"),
    "sign_in": _("vous connecter"),
    "continuity": _("la fiche de continuité"),
    "export": _("un export"),
    "incident": _("enquêter sur un incident"),
    "transparency": _("lire le registre des accès"),
}
UNSAID: Final = NOT_FIELDS | {"erased"}
"""What a record says that is no field of anybody's: an act, told in its own words."""

_MEDICAL_ZONES = {"medical", "documents"}
_MEDICAL_FIELDS = {"details", "cancellation", "answers"}
_ORDER = {name: at for at, name in enumerate(
    ("family_name", "given_name", "birth_name", "birth_date", "sex", "phone", "email", "address")
)}  # fmt: skip


_OF_OTHERS: dict[str, _StrPromise] = {
    "self": _("lire ses propres données"),
    "message": _("envoyer un message"),
    "sign_in": _("se connecter"),
}


def purpose(code: str, *, of_others: bool = False) -> str:
    """Why, as the end of "pour …"; ``of_others``: told to somebody else than the person."""
    words = _OF_OTHERS.get(code) if of_others else None
    return str(words or _PURPOSES.get(code) or code)


def purposes() -> dict[str, str]:
    """Every purpose there is in words, told to somebody else than the person."""
    return {code: purpose(code, of_others=True) for code in _PURPOSES}


@lru_cache(maxsize=1)
def _labels() -> dict[str, tuple[_StrPromise | str, str]]:
    """Field name → its label and zone; names that several models share carry one label."""
    found: dict[str, tuple[_StrPromise | str, str]] = {}
    for _model, sealed in all_sealed():
        found.setdefault(sealed.name, (sealed.verbose_name or sealed.name, sealed.zone))
    return found


def word(name: str) -> tuple[str, bool]:
    """A field in words, and whether it tells of health."""
    bare = name.rpartition(".")[2]
    label, zone = _labels().get(bare, (bare, ""))
    text = str(label)
    return text[:1].upper() + text[1:], zone in _MEDICAL_ZONES or bare in _MEDICAL_FIELDS


def chips(row: Disclosure) -> list[tuple[str, bool]]:
    """The opened fields as chips: identity first, what tells of health last."""
    names = [name for name in row.fields if name not in UNSAID]
    return [word(name) for name in sorted(names, key=lambda name: (_ORDER.get(name, 50), name))]


_ACTS: dict[str, _StrPromise] = {
    "joined": _("dossiers réunis"),
    "parted": _("dossiers séparés de nouveau"),
    "told_apart": _("dossiers de deux personnes différentes"),
    "erased": _("données effacées"),
}


def acts(row: Disclosure) -> list[str]:
    """What was done with a whole file, which opened no field and an officer looks for."""
    return [str(words) for name, words in _ACTS.items() if name in row.fields]


def evidence(row: Disclosure) -> str:
    """On what evidence the record says who of the staff it was; empty for anybody else."""
    if row.actor_kind != "staff":
        return ""
    verified = row.evidence == "verified"
    return str(_("clé professionnelle vérifiée") if verified else _("sans clé vérifiée"))
