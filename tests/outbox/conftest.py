"""A person, an appointment, and a real SMTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller

from serment import ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, Purpose, gate
from serment.outbox import registry

# The keeper's clock runs: a ticket's window is around the real now.
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(minutes=30)
"""When everything posted meanwhile has waited long enough; the keeper's clock stays as it is."""
VISIT = datetime(2027, 3, 2, 13, 20, tzinfo=UTC)


@dataclass
class Sink:
    """What the server took; ``refuse`` is its answer to the next recipients, empty to accept."""

    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse: str = ""

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        self.recipients += envelope.rcpt_tos
        self.taken.append(
            message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        )
        return "250 taken"


@pytest.fixture
def smtp(settings: Any) -> Iterator[Sink]:
    """Mail goes through a real SMTP conversation to this server."""
    sink = Sink()
    server = Controller(sink, hostname="127.0.0.1", port=_free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield sink
    server.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def establishment(db: None) -> UUID:
    from serment.directory.models import Establishment

    made = ids.new_id()
    with tenancy.inside(tenant=made):
        Establishment.objects.create(id=made, slug=f"e-{made.hex[:8]}", name="E", kind="practice")
    return made


@pytest.fixture
def facts() -> Iterator[dict[UUID, registry.Facts]]:
    """What records are about; a record not listed is gone."""
    known: dict[UUID, registry.Facts] = {}
    before = dict(registry._facts)
    for kind in ("confirmation", "cancellation", "move"):
        registry.register(kind, known.get)
    yield known
    registry._facts.clear()
    registry._facts.update(before)


Booked = Callable[..., UUID]


@pytest.fixture
def book(establishment: UUID, facts: dict[UUID, registry.Facts]) -> Booked:
    """A file with an address and an appointment of it that asks for its confirmation."""

    def make(email: str | None = "philomene@exemple.fr", phone: str | None = None) -> UUID:
        from serment.identity import files
        from serment.outbox import post
        from serment.scheduling.models import Appointment

        known = {"family_name": "Quatrevaux", "email": email, "phone": phone}
        file = files.create(SYSTEM, establishment, known)
        visit = Appointment(id=ids.new_id())
        gate.seal(
            SYSTEM, Purpose.BOOKING, visit, {"details": "{}"}, subject=file.pk,
            tenant=establishment,
        )  # fmt: skip
        facts[visit.pk] = registry.Facts(
            VISIT, "Europe/Paris", "Dr Anne Lemoine", "12 rue de la Gare, 29000 Quimper",
            link="/mes-rendez-vous/",
        )  # fmt: skip
        desk = _secretary(establishment)
        with tenancy.inside(tenant=establishment):
            post.confirmation(visit.pk, establishment, post.sign(desk, visit.pk, NOW))
        return visit.pk

    return make


def _secretary(establishment: UUID) -> Actor:
    who = ids.new_id()
    capability = gate.open_session("staff", who, "secretary", establishment, 1)
    return Actor("staff", who, "secretary", establishment, capability=capability)


@pytest.fixture
def secretary(establishment: UUID) -> Actor:
    return _secretary(establishment)
