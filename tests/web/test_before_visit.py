"""Questions before a visit: asked after booking, answered in parts, sent, changed, or left."""

from __future__ import annotations

import pytest

from serment import clock
from serment.care import replies
from serment.care.questions import Kind, Question
from serment.directory import tenancy
from serment.scheduling.models import Appointment
from tests.care.test_replies import ALLERGY, WEIGHT, asks, staff
from tests.scheduling.practice import make_practice, paris
from tests.web.test_booking_pages import send, sign_in_surely, someone
from tests.web_practice.house import next_tuesday

pytestmark = pytest.mark.django_db

FREE = Question("mot", Kind.TEXT, "Que faut-il savoir ?", help_fr="Ce que vous voulez.")


def test_a_patient_answers_in_parts_sends_changes_and_sees_who_read() -> None:
    practice, day = make_practice(), next_tuesday()
    asks(practice, ALLERGY, WEIGHT, FREE)
    browser = sign_in_surely(someone())
    confirmed = send(browser, practice, paris(day, 9))["Location"]
    address = confirmed.split("?")[0]
    assert "vous pose 3 questions" in browser.get(confirmed).content.decode()
    assert "Questions à remplir" in browser.get("/mes-rendez-vous/").content.decode()
    page = browser.get(f"{address}questions")
    assert "Partie 1 sur 2" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]

    wrong = browser.post(
        f"{address}questions", {"partie": "1", "q-poids": "lourd", "quoi": "suite"}
    )
    assert wrong.status_code == 422
    text = wrong.content.decode()
    assert "Choisissez une réponse." in text
    assert 'value="lourd"' in text, "what was typed is not lost"
    assert 'value="lourd"' in browser.get(f"{address}questions?partie=1").content.decode()
    assert "Questions à finir" in browser.get("/mes-rendez-vous/").content.decode()
    good = {"partie": "1", "q-allergie": "a", "q-poids": "72,5", "quoi": "suite"}
    assert browser.post(f"{address}questions", good)["Location"].endswith("partie=2")
    said = {"partie": "2", "q-mot": "un peu de peur", "quoi": "suite"}
    review = browser.get(browser.post(f"{address}questions", said)["Location"]).content.decode()
    for shown in ("Oui", "72,5 kg", "un peu de peur"):
        assert shown in review
    sent = browser.post(f"{address}questions", {"partie": "3", "quoi": "envoyer"})
    assert "C’est envoyé." in browser.get(sent["Location"]).content.decode()

    changed = {"partie": "2", "q-mot": "moins peur", "quoi": "suite"}
    browser.post(f"{address}questions", changed)
    with tenancy.inside(practice.establishment):
        visit = Appointment.objects.get(role_id=practice.role)
        told, reply = replies.read(staff(practice, "practitioner"), visit)
    assert (told.status, reply.values["mot"]) == ("completed", ["moins peur"])
    opened = browser.get("/qui-a-ouvert-mes-donnees/").content.decode()
    assert "réponses aux questions avant la visite" in opened
    assert browser.post(f"{address}questions", {"quoi": "passer"}).status_code == 302
    with tenancy.inside(practice.establishment):
        visit.refresh_from_db()
    assert visit.answers is None

    other = sign_in_surely(someone())
    assert other.get(f"{address}questions").status_code == 404
    with tenancy.inside(practice.establishment):
        Appointment.objects.filter(pk=visit.pk).update(starts_at=clock.now(), ends_at=visit.ends_at)
    assert "trop tard" in browser.get(f"{address}questions").content.decode()
