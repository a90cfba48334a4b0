"""A practitioner writes a week of holiday; thirty are moved, asked or called, none lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.demo import Demo
from tests.journeys.thirty import HOW_MANY
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]
PRACTITIONER, SECRETARY = "octave.tissandier@example.fr", "nadia.kerviel@example.fr"
LINKS = 2
_LET_GO = """
import django
django.setup()
from serment import clock
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.outbox.models import Message
from serment.outbox.tasks import send_waiting
for house in Establishment.objects.values_list("pk", flat=True):
    with tenancy.inside(house):
        waiting = Message.objects.filter(kind__in=["move", "cancellation", "invitation"],
                                         state="waiting", channel__in=["", "mail"])
        moved = waiting.update(send_after=clock.now())
    if moved:
        send_waiting.defer(establishment_id=str(house))
"""
"""Messages wait a minute, at night until the morning: it comes."""


def _planted(demo: Demo) -> dict[str, object]:
    told: dict[str, object] = json.loads(demo.run("-m", "tests.journeys.thirty").stdout)
    return told


def _left(demo: Demo, planted: dict[str, object]) -> dict[str, int]:
    asked = json.dumps(planted)
    told: dict[str, int] = json.loads(
        demo.run("-m", "tests.journeys.thirty", "left", asked).stdout.splitlines()[-1]
    )
    return told


def _boxes(page: Page, planted: dict[str, object]) -> list[str]:
    """What stands on the list of ours, by the values that the form would send."""
    visits = planted["visits"]
    assert isinstance(visits, dict)
    values = page.locator("input[name=rdv]").evaluate_all("all => all.map(one => one.value)")
    return [one for one in values if one.partition("@")[0] in visits]


def _tick(page: Page, wanted: list[str]) -> None:
    for box in page.locator("input[name=rdv]").all():
        box.set_checked(box.input_value() in wanted)


def _writes_the_holiday(doctor: Visitor, planted: dict[str, object]) -> None:
    page = doctor.page
    doctor.sign_in(PRACTITIONER)
    doctor.go(f"/cabinet/horaires/absence/?agenda={planted['agenda']}")
    page.locator("#du").fill(str(planted["from"]))
    page.locator("#au").fill(str(planted["until"]))
    page.locator("#mot").fill("Congés")
    doctor.press("Enregistrer")
    trial = page.locator("#essai")
    expect(trial).to_contain_text("30 rendez-vous se trouveraient hors des heures ouvertes.")
    expect(trial).to_contain_text(f"{HOW_MANY['mail']} par courriel")
    expect(trial).to_contain_text(f"{HOW_MANY['phone']} par téléphone seulement")
    expect(trial).to_contain_text(f"{HOW_MANY['letter']} par lettre seulement")
    expect(page.locator("main")).not_to_contain_text("Vacances-")
    doctor.look()
    doctor.press("Enregistrer quand même")
    expect(page.locator("h1")).to_have_text("Rendez-vous hors horaires")


def test_a_week_of_holiday_loses_nobody(visitor: Callable[..., Visitor]) -> None:
    doctor, desk, other = visitor(1440), visitor(1440), visitor(390)
    planted = _planted(doctor.demo)
    _writes_the_holiday(doctor, planted)
    assert len(_boxes(doctor.page, planted)) == 30

    # A colleague has the same list open, on a telephone, from before anything was done.
    for one in (desk, other):
        one.sign_in(SECRETARY)
        one.go("/cabinet/horaires/sans-heure/")
        one.look()
    page = desk.page
    ours = _boxes(page, planted)
    linked, moved = ours[:LINKS], ours[LINKS:]

    # By mistake all are moved: one press puts them back, and nobody hears of it.
    _tick(page, ours)
    desk.press("Déplacer et prévenir")
    expect(page.locator("#fait h2")).to_have_text("26 déplacés, 4 à rappeler.")
    desk.look()
    desk.press("Tout remettre en place")
    expect(page.locator("#fait h2")).to_have_text("30 remis à leur place.")
    assert _left(desk.demo, planted) == {"there": 30, "elsewhere": 0, "ended": 0}

    # Two are sent a link, the others moved; whoever can only be called is not moved unheard.
    _tick(page, linked)
    desk.press("Annuler et envoyer un lien pour choisir")
    expect(page.locator("#fait h2")).to_have_text(f"{LINKS} liens envoyés.")
    _tick(page, moved)
    desk.press("Déplacer et prévenir")
    expect(page.locator("#fait h2")).to_have_text("24 déplacés, 4 à rappeler.")
    assert len(_boxes(page, planted)) == HOW_MANY["phone"]

    # The colleague presses the list as it was: nothing is moved or cancelled twice.
    _tick(other.page, ours)
    other.press("Déplacer et prévenir")
    said = "4 à rappeler, 26 déjà réglés par un collègue."
    expect(other.page.locator("#fait h2")).to_have_text(said)
    other.look()

    _people_read(desk, visitor(390))
    _calls(desk, planted)
    assert _left(desk.demo, planted) == {"there": 0, "elsewhere": 24, "ended": LINKS + 4}


def _people_read(desk: Visitor, patient: Visitor) -> None:
    """One reads of the new hour; one chooses another by the link, without signing in."""
    desk.demo.run("-c", _LET_GO)
    told = desk.letter_to(f"vacances-{LINKS + 1}@example.fr", "déplacé")
    assert "Vacances-" not in told
    link = re.search(r"(/i/\S+)", desk.letter_to("vacances-1@example.fr", "/i/"))
    assert link is not None
    patient.go(link[1])
    patient.look()
    patient.page.locator("main a.slot").first.click()
    patient.press("Réserver cette heure")
    expect(patient.page.locator("main")).to_contain_text("C’est réservé.")


def _calls(desk: Visitor, planted: dict[str, object]) -> None:
    """Each is on the list of calls; told by telephone, they are ended one after the other."""
    page = desk.page
    desk.go("/cabinet/rappels/")
    desk.look()
    ours = page.locator("li.card").filter(has=page.locator("button[value=voir]"))
    assert ours.count() >= HOW_MANY["phone"]
    desk.go("/cabinet/horaires/sans-heure/")
    left = _boxes(page, planted)
    assert len(left) == HOW_MANY["phone"]
    _tick(page, left)
    desk.press("Annuler et prévenir")
    expect(page.locator("#fait h2")).to_have_text("4 annulés.")
    assert _boxes(page, planted) == []
