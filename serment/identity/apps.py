"""Where Django finds accounts, patient files and staff; registers people with the outbox."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Accounts, patient files, staff, sign-in."""

    name = "serment.identity"
    label = "identity"

    def ready(self) -> None:
        """Give the outbox the rows whose addresses it writes to, and how they may be used."""
        from serment.identity import (
            account_told,
            contact,
            staff_models,  # noqa: F401 -- tables of this app
        )
        from serment.identity.models import PatientFile, StaffMember
        from serment.identity.openid import models  # noqa: F401 -- a table of this app
        from serment.identity.relatives import models as _relatives  # noqa: F401 -- likewise
        from serment.outbox import registry

        account_told.register()
        registry.register_ways(contact.WAYS)
        registry.register_people(
            lambda people: {
                one.pk: one
                for rows in (StaffMember.objects, PatientFile.objects)
                for one in rows.filter(pk__in=people)
            }
        )
