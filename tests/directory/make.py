"""Makes small directories for tests: an establishment, its site, a practitioner's role."""

from __future__ import annotations

from itertools import count

from serment.directory import rpps
from serment.directory.models import Establishment, Practitioner, PractitionerRole, Site
from serment.directory.tenancy import inside

_NUMBER = count(1)


def establishment(name: str = "Cabinet des Aravis", *, using: str = "default") -> Establishment:
    """An establishment with one site in Sallanches."""
    number = next(_NUMBER)
    house = Establishment(slug=f"maison-{number}", name=name, kind=Establishment.Kind.PRACTICE)
    with inside(tenant=house.id, using=using):
        house.save(using=using)
        Site(
            establishment=house,
            slug="sallanches",
            name="Sallanches",
            address_line="1 rue de la Paix",
            postcode="74700",
            city="Sallanches",
            commune_code="74256",
            latitude=45.94,
            longitude=6.63,
        ).save(using=using)
    return house


def role(
    house: Establishment,
    family_name: str,
    given_name: str = "Anne",
    *,
    specialty: str | None = "SM38",
    profession: str = "10",
    active: bool = True,
) -> PractitionerRole:
    """A practitioner new to the directory, at the establishment's site."""
    first_ten = f"{1_000_000_000 + next(_NUMBER):010d}"
    number = first_ten + rpps.check_digit(first_ten)
    practitioner = Practitioner(
        rpps=number, slug=f"p-{number}", title="Dr", given_name=given_name, family_name=family_name
    )
    made = PractitionerRole(
        establishment=house,
        site=Site.objects.get(establishment=house),
        practitioner=practitioner,
        profession_id=profession,
        specialty_id=specialty,
        active=active,
    )
    with inside(tenant=house.id):
        practitioner.save()
        made.save()
    return made
