"""A keeper of one test's own, that may be killed, and people to seal."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from serment.disclosure import SYSTEM, Actor, Purpose, gate
from serment.ids import new_id


class DidNotStart(Exception):  # noqa: N818
    """The keeper refused its folder; the argument is its exit status."""


@dataclass
class Running:
    """One keeper process over one folder."""

    state: Path
    socket: Path
    program: list[str] = field(default_factory=lambda: [sys.executable, "-m", "serment.keeper"])
    arguments: tuple[str, ...] = ()
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> Running:
        self.child = subprocess.Popen(
            [*self.program, "--state", str(self.state), "--socket", str(self.socket),
             *self.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.child.stdout is not None
        if not self.child.stdout.readline().startswith(b"keeper ready"):
            raise DidNotStart(self._wait())
        return self

    def kill(self) -> None:
        assert self.child is not None
        self.child.kill()
        self._wait()

    def stop(self) -> int:
        assert self.child is not None
        self.child.terminate()
        return self._wait()

    def _wait(self) -> int:
        assert self.child is not None
        status = self.child.wait(10)
        for pipe in (self.child.stdout, self.child.stderr):
            if pipe is not None:
                pipe.close()
        self.child = None
        return status


def staff_of(establishment: UUID, role: str = "secretary", session: str = "s-1") -> Actor:
    """Somebody of an establishment, signed in."""
    who = new_id()
    capability = gate.open_session("staff", who, role, establishment, 1, session)
    return Actor("staff", who, role, establishment, session, capability=capability)


def patient_of(account: UUID, session: str = "p-1") -> Actor:
    """A patient, signed in."""
    capability = gate.open_session("patient", account, "", None, 1, session)
    return Actor("patient", account, session=session, capability=capability)


def make_file(establishment: UUID, **values: str):
    """A sealed patient file that lies in no database."""
    from serment.identity.models import PatientFile

    file = PatientFile(id=new_id(), establishment_id=establishment)
    given = {"family_name": "Quatrevaux", "given_name": "Philomène"} | values
    gate.seal(SYSTEM, Purpose.IMPORT, file, given, subject=file.pk, tenant=establishment)
    return file


def make_appointment(establishment: UUID, file_id: UUID, details: str = "{}", by: Actor = SYSTEM):
    """A sealed appointment of that file that lies in no database."""
    from serment.scheduling.models import Appointment

    appointment = Appointment(id=new_id(), establishment_id=establishment)
    gate.seal(
        by, Purpose.BOOKING, appointment, {"details": details},
        subject=file_id, tenant=establishment,
    )  # fmt: skip
    return appointment
