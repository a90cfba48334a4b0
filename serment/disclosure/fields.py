"""Sealed: a model field that holds bytes nobody reads without the gate.

A row shows ``•••`` wherever a value is printed, logged or put in a template by mistake. The
database can neither filter, order nor join on it: ``gate.find`` searches, ``gate.reveal`` opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from django.apps import apps
from django.core import checks
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import IsNull

from serment.keeper.words import SEARCHES, ZONES

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.utils.functional import _StrPromise

    _Field = models.Field[Any, Any]
else:
    _Field = models.Field

DOTS = "•••"


class SealedValue:
    """Sealed bytes as they lie in the row. Everything that prints it prints three dots."""

    __slots__ = ("sealed",)

    def __init__(self, sealed: bytes) -> None:
        self.sealed = sealed

    def __repr__(self) -> str:
        return DOTS

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return DOTS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SealedValue) and other.sealed == self.sealed

    def __hash__(self) -> int:
        return hash(self.sealed)

    def __iter__(self) -> NoReturn:
        raise TypeError("A sealed value opens only through the gate.")


class _SealedColumn(Col):
    """Selected as bytes; resolving it inside another expression (ORDER BY, F) is refused."""

    def resolve_expression(self, *_: Any, **__: Any) -> NoReturn:
        raise FieldError(f"{self.target.name} is sealed: it cannot be ordered or computed with.")


class _IsThere(IsNull):
    """``isnull`` on a sealed column: the one thing a query may ask about it."""

    def resolve_expression(self, *_: Any, **__: Any) -> _IsThere:
        """Nothing inside needs resolving; the column itself would refuse."""
        return self

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        """The bare column, compiled without being resolved."""
        return compiler.compile(lhs or self.lhs)


class Sealed(_Field):
    """A personal field: ``Sealed(zone="identity", search="name")``, stored as ``bytea``.

    ``zone`` is the compartment whose key protects it; ``search`` says how the keeper's own index
    finds it (name, phone, email, birth_date) and is empty for what must never be searched.
    """

    description = "sealed personal field"
    empty_strings_allowed = False

    def __init__(
        self,
        verbose_name: str | _StrPromise | None = None,
        *,
        zone: str,
        search: str = "",
        label: str | _StrPromise | None = None,
        **options: Any,
    ) -> None:
        self.zone = zone
        self.search = search
        options.pop("null", None)
        options.pop("editable", None)
        options.setdefault("blank", True)
        super().__init__(verbose_name or label, null=True, editable=False, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """How a migration writes this field; ``search`` changes no column, reviewers read it."""
        name, _path, args, options = super().deconstruct()
        options.pop("null", None)
        options.pop("editable", None)
        options.pop("blank", None)
        options["zone"] = self.zone
        if self.search:
            options["search"] = self.search
        return name or "", "serment.disclosure.fields.Sealed", list(args), options

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Bytes, whatever the value was."""
        return "bytea"

    def from_db_value(self, value: Any, *_: Any) -> SealedValue | None:
        """Bytes of the row, closed."""
        return None if value is None else SealedValue(bytes(value))

    def get_prep_value(self, value: Any) -> bytes | None:
        """Only what the gate sealed goes into the row; a plain value is a programming error."""
        if value is None:
            return None
        if isinstance(value, SealedValue):
            return value.sealed
        raise TypeError(f"{self.name} is sealed: set it with gate.seal().")

    def to_python(self, value: Any) -> SealedValue | None:
        """Closed stays closed; a plain value is refused."""
        if value is None or isinstance(value, SealedValue):
            return value
        raise TypeError(f"{self.name} is sealed: set it with gate.seal().")

    def value_to_string(self, obj: models.Model) -> str:
        """For serialisers: three dots."""
        return DOTS

    def get_lookup(self, lookup_name: str) -> Any:
        """Only ``isnull`` is allowed: it says whether something is there, not what."""
        if lookup_name == "isnull":
            return _IsThere
        raise FieldError(f"{self.name} is sealed: search it with gate.find().")

    def get_transform(self, lookup_name: str) -> NoReturn:
        """No part of a sealed value can be reached in SQL."""
        raise FieldError(f"{self.name} is sealed: nothing inside it can be queried.")

    def get_col(self, alias: str, output_field: Any = None) -> Col:
        """A column that may be selected as bytes and nothing else."""
        return _SealedColumn(alias, self, output_field)

    def check(self, **options: Any) -> list[checks.CheckMessage]:
        """The compartment and the way of search are known ones."""
        found = super().check(**options)
        if self.zone not in ZONES or self.zone == "audit":
            found.append(
                checks.Error(f"Unknown zone {self.zone!r}.", obj=self, id="disclosure.E001")
            )
        if self.search not in SEARCHES:
            found.append(
                checks.Error(f"Unknown search {self.search!r}.", obj=self, id="disclosure.E002")
            )
        if getattr(self, "db_index", False) or self.unique:
            found.append(
                checks.Error("A sealed field is never indexed.", obj=self, id="disclosure.E003")
            )
        return found


def all_sealed() -> Iterator[tuple[type[models.Model], Sealed]]:
    """Every sealed field of every model, for house rules and the list of what is held."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, Sealed):
                yield model, field


def sealed_field(model: type[models.Model], name: str) -> Sealed:
    """One sealed field by name; anything else is a programming error."""
    field = model._meta.get_field(name)
    if not isinstance(field, Sealed):
        raise FieldError(f"{model.__name__}.{name} is not sealed.")
    return field
