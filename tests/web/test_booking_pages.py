"""The booking form at its door: what GET, the page's own POST and the form's POST do and say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.disclosure import SYSTEM
from serment.scheduling import cancelling, linked_times
from serment.scheduling.models import Appointment, VisitReason
from tests import factors
from tests.scheduling.practice import Practice, count, make_practice, make_role, paris
from tests.web_practice.house import PASSWORD, next_tuesday

pytestmark = pytest.mark.django_db

Visitor = Callable[[], Client]


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    """Cheap password hashes, and files served as they lie."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def practice(db: None) -> Practice:
    return make_practice()


@pytest.fixture
def day() -> date:
    return next_tuesday()


def sign_in(email: str) -> Client:
    browser = Client(headers={"accept-language": "fr"})
    answer = browser.post("/compte/connexion/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def sign_in_surely(email: str) -> Client:
    """By two factors."""
    browser = Client(headers={"accept-language": "fr"})
    assert factors.sign_in_surely(browser, email, PASSWORD).status_code == 302
    return browser


def someone() -> str:
    """A new patient's address."""
    from serment.identity import registration

    email = f"patient-{ids.new_id().hex[:10]}@exemple.fr"
    person = {"given_name": "Aurore", "family_name": "Lemoine", "birth_date": "1988-07-02"}
    registration.create(SYSTEM, email, person, password=PASSWORD)
    return email


def address(practice: Practice, at: datetime, act: str = "") -> str:
    return f"/reserver/{practice.role}/{act}?heure={quote(at.isoformat())}&motif={practice.reason}"


def sent(practice: Practice, at: datetime, **changed: str) -> dict[str, str]:
    return {
        "heure": at.isoformat(), "motif": str(practice.reason), "premiere": "oui",
        "mode": "in_person", "cle": "AAAAAAAAAAAAAAAAAAAAAA==",
    } | changed  # fmt: skip


def send(browser: Client, practice: Practice, at: datetime, **changed: str) -> Any:
    return browser.post(f"/reserver/{practice.role}/", sent(practice, at, **changed))


def ask_to_keep(browser: Client, practice: Practice, at: datetime) -> str:
    answer = browser.post(f"/reserver/{practice.role}/retenir", sent(practice, at))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_showing_the_form_keeps_nothing(practice: Practice, day: date) -> None:
    browser = sign_in(someone())
    page = browser.get(address(practice, paris(day, 9)))
    assert page.status_code == 200
    assert f'hx-post="/reserver/{practice.role}/retenir"' in page.content.decode()
    assert count(practice, "Occupancy") == 0
    assert browser.get(address(practice, paris(day, 9), "retenir")).status_code == 405
    assert count(practice, "Occupancy") == 0


def test_the_page_has_its_slot_kept_once_over_all_sessions(practice: Practice, day: date) -> None:
    email = someone()
    phone, laptop = sign_in(email), sign_in(email)
    assert re.search(
        r"retenu pour vous jusqu’à \d+\sh", ask_to_keep(phone, practice, paris(day, 9))
    )
    assert "retenu pour vous" in ask_to_keep(laptop, practice, paris(day, 10))
    assert count(practice, "Occupancy") == 1
    stranger = sign_in(someone())
    assert "retenu pour vous" in ask_to_keep(stranger, practice, paris(day, 9))
    gone = ask_to_keep(stranger, practice, paris(day, 10))
    assert "vient d’être pris" in gone
    assert gone.count('class="chip"') == 4
    assert gone.count('hx-swap-oob="delete"') == 2
    assert count(practice, "Occupancy") == 2


def test_a_foreign_site_cannot_have_a_slot_kept(practice: Practice, day: date) -> None:
    inside = sign_in(someone())
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = inside.cookies
    answer = strict.post(f"/reserver/{practice.role}/retenir", sent(practice, paris(day, 9)))
    assert answer.status_code == 403
    assert count(practice, "Occupancy") == 0


def test_booking_needs_no_hold_and_ends_the_one_there_is(practice: Practice, day: date) -> None:
    browser = sign_in(someone())
    assert send(browser, practice, paris(day, 9)).status_code == 302
    ask_to_keep(browser, practice, paris(day, 10))
    assert send(browser, practice, paris(day, 10), cle="").status_code == 302
    assert count(practice) == count(practice, "Occupancy") == 2


def test_a_time_that_was_never_a_slot(practice: Practice, day: date) -> None:
    browser, other = sign_in(someone()), sign_in(someone())
    assert send(other, practice, paris(day, 9)).status_code == 302
    page = browser.get(address(practice, paris(day, 9, 1)))
    text = page.content.decode()
    assert page.status_code == 422
    assert "n’est pas proposée" in text
    assert "vient d’être pris" not in text
    assert text.count('class="chip"') == 4


def test_the_own_slot_opened_again_leads_to_the_visit(practice: Practice, day: date) -> None:
    browser = sign_in(someone())
    made = send(browser, practice, paris(day, 9))["Location"]
    again = browser.get(address(practice, paris(day, 9)))
    assert again.status_code == 200
    assert "Vous avez déjà ce rendez-vous." in again.content.decode()
    assert made.split("?")[0] in again.content.decode()
    fresh = send(browser, practice, paris(day, 9), cle="")
    assert fresh.status_code == 409
    assert made.split("?")[0] in fresh.content.decode()
    assert send(browser, practice, paris(day, 9))["Location"] == made  # the same form


def test_the_own_visit_by_video_names_no_place(practice: Practice, day: date) -> None:
    with tenancy.inside(tenant=practice.establishment):
        PractitionerRole.objects.filter(pk=practice.role).update(video=True)
        VisitReason.objects.filter(pk=practice.reason).update(video=True)
    browser = sign_in(someone())
    assert send(browser, practice, paris(day, 9), mode="video").status_code == 302
    assert send(browser, practice, paris(day, 10), cle="").status_code == 302  # the control
    there, here = (
        browser.get(address(practice, paris(day, hour))).content.decode().partition("<h1>")[2]
        for hour in (10, 9)
    )
    assert "en vidéo</p>" not in there
    assert "en vidéo</p>" in here


def test_to_anybody_else_it_is_taken_whatever_form_they_send(practice: Practice, day: date) -> None:
    browser, stranger = sign_in(someone()), sign_in(someone())
    made = UUID(send(browser, practice, paris(day, 9))["Location"].split("/")[2])
    looks = [
        stranger.get(address(practice, paris(day, 9))),
        send(stranger, practice, paris(day, 9)),  # with the first patient's key
        send(stranger, practice, paris(day, 9), cle=""),
    ]
    for page in looks:
        text = page.content.decode()
        assert page.status_code == 409
        assert "vient d’être pris" in text
        assert str(made) not in text
        assert "déjà ce rendez-vous" not in text


def test_a_patient_reads_that_the_practice_cancelled_and_why(practice: Practice, day: date) -> None:
    browser = sign_in(someone())
    made = send(browser, practice, paris(day, 9)).headers["Location"].partition("?")[0]
    visit = UUID(made.strip("/").rpartition("/")[2])
    with tenancy.inside(practice.establishment):
        cancelling.cancel(practice.secretary(), visit, "Le docteur est souffrant.", clock.now())
    page = browser.get(made).content.decode()
    assert "annulé par le cabinet" in page
    assert "Le docteur est souffrant." in page


def test_the_form_of_a_cancelled_visit_offers_to_book_anew(practice: Practice, day: date) -> None:
    browser = sign_in(someone())
    made = send(browser, practice, paris(day, 9))["Location"].split("?")[0]
    assert browser.post(f"{made}annuler", {"raison": ""}).status_code == 302
    page = send(browser, practice, paris(day, 9), mot="avec ma mère")
    text = page.content.decode()
    assert page.status_code == 409
    assert "annulé depuis" in text
    assert "avec ma mère" in text
    key = re.search(r'name="cle" value="([^"]+)"', text)
    assert key is not None
    anew = send(browser, practice, paris(day, 9), cle=key.group(1))
    assert anew.status_code == 302
    assert anew["Location"].split("?")[0] != made


def test_at_the_bound_the_page_says_what_to_do(practice: Practice, day: date) -> None:
    browser = sign_in(someone())
    for hour in (9, 10, 11):
        assert send(browser, practice, paris(day, hour), cle="").status_code == 302
    early = browser.get(address(practice, paris(day, 14)))
    late = send(browser, practice, paris(day, 14), cle="")
    assert (early.status_code, late.status_code) == (200, 422)
    for page in (early, late):
        text = page.content.decode()
        assert "3 rendez-vous à venir chez ce soignant" in text
        assert 'href="/mes-rendez-vous/"' in text
    assert count(practice) == 3


def test_an_alarming_answer_gives_the_slot_back(day: date) -> None:
    practice = make_practice(red_flags=["chest_pain"])
    browser = sign_in(someone())
    ask_to_keep(browser, practice, paris(day, 9))
    assert count(practice, "Occupancy") == 1
    answer = send(browser, practice, paris(day, 9), **{"signe-chest_pain": "oui"})
    assert "patient/emergency.html" in [one.name for one in answer.templates]
    assert count(practice, "Occupancy") == 0


def test_the_sign_in_page_says_which_slot_waits(practice: Practice, day: date) -> None:
    there = address(practice, paris(day, 9))
    browser = Client(headers={"accept-language": "fr"})
    sign_in_page = browser.get(there)["Location"]
    text = browser.get(sign_in_page).content.decode()
    assert "Claude Rivage" in text
    assert "à 9\xa0h" in text
    failed = browser.post(sign_in_page, {"login": "personne@exemple.fr", "password": "x" * 12,
                                         "next": there})  # fmt: skip
    assert "Claude Rivage" in failed.content.decode()


@pytest.mark.parametrize(
    "there",
    [
        "",
        "/mes-rendez-vous/",
        "https://ailleurs.example{slot}",
        "//ailleurs.example{slot}",
        "/reserver/00000000-0000-0000-0000-000000000000/?heure=2026-03-03T09:00:00%2B01:00",
        "/reserver/{role}/?heure=demain",
        "/reserver/{role}/",
        "/reserver/{role}/retenir?heure=2026-03-03T09:00:00%2B01:00",
        "/\x00",
        "http://[",
    ],
)
def test_it_says_nothing_where_no_slot_waits(practice: Practice, day: date, there: str) -> None:
    slot = address(practice, paris(day, 9))
    there = there.replace("{slot}", slot).replace("{role}", str(practice.role))
    answer = Client().get("/compte/connexion/", {"next": there})
    assert answer.status_code == 200
    assert "waiting-slot" not in answer.content.decode()


def chip(text: str) -> str:
    """The first of the times offered instead."""
    found = re.search(r'name="reprendre" value="([^"]+)"', text)
    assert found is not None
    return found.group(1)


def test_another_time_is_kept_and_shown_with_all_that_was_typed_never_booked(
    practice: Practice, day: date
) -> None:
    browser, quicker = sign_in(someone()), sign_in(someone())
    assert send(quicker, practice, paris(day, 9)).status_code == 302
    gone = send(browser, practice, paris(day, 9), mot="avec ma mère").content.decode()
    assert "Tous les horaires" in gone
    page = send(browser, practice, paris(day, 9), mot="avec ma mère", reprendre=chip(gone))
    text = page.content.decode()
    assert page.status_code == 200
    assert "avec ma mère" in text
    assert "retenu pour vous jusqu’à" in text
    assert 'name="premiere" value="oui" checked' in text
    assert count(practice) == 1, "one tap on a time books nothing"
    assert count(practice, "Occupancy") == 2, "but it is kept, without any script"
    heure = re.search(r'name="heure" value="([^"]+)"', text)
    assert heure is not None
    booked = send(browser, practice, datetime.fromisoformat(heure.group(1)))
    assert booked.status_code == 302
    assert count(practice) == 2


def test_another_reason_shows_its_questions_before_anything_is_sent(day: date) -> None:
    from serment.directory import tenancy
    from serment.scheduling.models import VisitReason

    practice = make_practice()
    with tenancy.inside(practice.establishment):
        other = VisitReason.objects.create(
            establishment_id=practice.establishment, role_id=practice.role, name_fr="Urgence",
            name_en="Urgent", duration_minutes=30, notice_minutes=60, horizon_days=60,
            red_flags=["chest_pain"], position=1, fee_cents=3000,
        )  # fmt: skip
    browser = sign_in(someone())
    assert "signe-chest_pain" not in browser.get(address(practice, paris(day, 9))).content.decode()
    page = send(browser, practice, paris(day, 9), motif=str(other.id), mot="mot", revoir="1")
    text = page.content.decode()
    assert page.status_code == 200
    assert 'name="signe-chest_pain"' in text
    assert ">mot</textarea>" in text
    assert "30\xa0€" in text
    assert "field-message" not in text, "nothing is missing yet"
    assert count(practice) == 0


def test_what_is_missing_is_listed_with_links_to_it_and_only_when_it_is(day: date) -> None:
    practice = make_practice(red_flags=["chest_pain"])
    browser = sign_in(someone())
    text = send(browser, practice, paris(day, 9), premiere="").content.decode()
    for anchor in ("signe-chest_pain", "premiere"):
        assert f'href="#{anchor}"' in text
        assert f'id="{anchor}"' in text
    refused = make_practice(new_patients=False)
    text = send(browser, refused, paris(day, 9)).content.decode()
    assert 'href="#motif"' in text
    assert "Il manque une réponse" not in text


def test_a_slot_opened_meanwhile_in_another_tab_is_said_not_to_be_kept(
    practice: Practice, day: date
) -> None:
    browser = sign_in(someone())
    given_up = "Celui que vous aviez ouvert avant ne l’est plus."
    assert given_up not in ask_to_keep(browser, practice, paris(day, 9))
    assert given_up not in ask_to_keep(browser, practice, paris(day, 9))
    assert given_up in ask_to_keep(browser, practice, paris(day, 10))
    assert send(browser, practice, paris(day, 9)).status_code == 302, "still free, so it is theirs"


def test_a_form_without_its_time_leads_to_all_times(practice: Practice) -> None:
    browser = sign_in(someone())
    answer = browser.get(f"/reserver/{practice.role}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/soignant/")


def test_who_looks_for_video_finds_it_chosen_and_a_reason_without_video_does_not(
    day: date,
) -> None:
    both, here = make_practice(video=True), make_practice(1)
    browser = sign_in(someone())
    chosen = 'name="mode" value="video" checked'
    assert chosen in browser.get(address(both, paris(day, 9)) + "&mode=video").content.decode()
    assert chosen not in browser.get(address(both, paris(day, 9))).content.decode()
    only = browser.get(address(here, paris(day, 9)) + "&mode=video").content.decode()
    assert 'type="hidden" name="mode" value="in_person"' in only


def test_ones_own_calendar_file_has_the_link_and_alarms_and_no_word_more(
    practice: Practice, day: date
) -> None:
    browser = sign_in(someone())
    made = send(browser, practice, paris(day, 9))["Location"].split("?")[0]
    file = browser.get(f"{made}agenda.ics").content.decode().replace("\r\n ", "")
    assert file.count("BEGIN:VALARM") == 2
    assert f"{made}\r\n" in file
    assert "Rivage" not in file
    assert "Consultation" not in file
    assert "effacez-le" not in browser.get(made).content.decode()
    browser.post(f"{made}annuler", {"raison": ""})
    assert "effacez-le" in browser.get(f"{made}?annule=1").content.decode()
    assert "VALARM" not in browser.get(f"{made}agenda.ics").content.decode()


def test_a_series_is_booked_in_one_form_and_ended_in_another(day: date) -> None:
    practice = make_practice(sessions=3, apart_least_days=6, apart_most_days=8)
    browser = sign_in(someone())
    page = browser.get(address(practice, paris(day, 9))).content.decode()
    assert page.count('name="seance"') == 2
    dates = re.findall(r'<option value="([^"]+)" selected>[^<]+ à 9', page)
    assert len(dates) == 2
    form = sent(practice, paris(day, 9)) | {"seance": dates}
    kept = browser.post(f"/reserver/{practice.role}/retenir", form).content.decode()
    assert "Toutes ces dates sont retenues" in kept
    assert count(practice, "Occupancy") == 3
    rival = sign_in(someone())
    gone = send(rival, practice, datetime.fromisoformat(dates[1]), seance=dates[0])
    assert gone.status_code == 422
    assert count(practice) == 0
    broken = browser.post(f"/reserver/{practice.role}/", form | {"seance": dates[:1]})
    assert broken.status_code == 409
    assert "vérifiez-les, puis confirmez" in broken.content.decode()
    made = browser.post(f"/reserver/{practice.role}/", form)
    assert made.status_code == 302
    assert count(practice) == count(practice, "Occupancy") == 3
    own = made["Location"].split("?")[0]
    assert "Les rendez-vous de la série" in browser.get(own).content.decode()
    assert "Annuler tous ceux qui restent" in browser.get(f"{own}annuler").content.decode()
    assert browser.post(f"{own}annuler", {"toutes": "oui"}).status_code == 302
    assert count(practice, "Occupancy") == 0


def linked_practice() -> tuple[Practice, str]:
    """A first visit, then half an hour with a doctor at once or half an hour later."""
    practice = make_practice()
    with tenancy.inside(practice.establishment):
        role = make_role(practice.establishment, practice.site)
        then = VisitReason.objects.create(
            establishment_id=practice.establishment, role_id=role, duration_minutes=30,
            name_fr="Fond d’œil", name_en="Eye fundus", red_flags=["sudden_sight_loss"],
        )  # fmt: skip
        step = linked_times.Step(((role, then.id),), 0, 30)
        rows = VisitReason.objects.filter(id=practice.reason)
        rows.update(steps=linked_times.written([step]))
    return practice, f"{role} {then.id}"


def test_steps_are_booked_moved_and_cancelled_in_one_form_each(day: date) -> None:
    practice, second = linked_practice()
    browser = sign_in(someone())
    page = browser.get(address(practice, paris(day, 9))).content.decode()
    (chosen,) = re.findall(r'<option value="([^"]+)" selected>9[^<]+Dr Claude Rivage', page)
    assert chosen == f"{second} {paris(day, 9, 30).isoformat()}"
    assert "signe-sudden_sight_loss" in page, "asked before the first step"
    form = sent(practice, paris(day, 9)) | {"etape": chosen, "signe-sudden_sight_loss": "non"}
    kept = browser.post(f"/reserver/{practice.role}/retenir", form).content.decode()
    assert "Toutes ces heures sont retenues" in kept
    assert count(practice, "Occupancy") == 2
    assert (
        "L’heure choisie n’est plus possible"
        not in browser.get(address(practice, paris(day, 9))).content.decode()
    ), "what I keep is mine"
    broken = browser.post(
        f"/reserver/{practice.role}/",
        form | {"etape": f"{second} {paris(day, 11).isoformat()}"},
    )
    assert broken.status_code == 409
    assert "vérifiez-les, puis confirmez" in broken.content.decode()
    made = browser.post(f"/reserver/{practice.role}/", form)
    assert made.status_code == 302, made.content.decode()
    assert count(practice) == count(practice, "Occupancy") == 2
    own = made["Location"].split("?")[0]
    assert "Réservés ensemble" in browser.get(own).content.decode()
    moving = f"{own}deplacer"
    there = {"heure": paris(day, 14).isoformat()}
    page = browser.get(f"{moving}?heure={quote(there['heure'])}").content.decode()
    assert "Tous sont déplacés ensemble" in page
    # As the page has the form, and as somebody would send it who left the second behind.
    alone = browser.post(moving, there)
    assert alone.status_code == 422
    steps = re.findall(r'<option value="([^"]+)" selected>', page)
    moved = browser.post(moving, there | {"etape": steps})
    assert moved.status_code == 302, moved.content.decode()
    with tenancy.inside(practice.establishment):
        starts = set(Appointment.objects.values_list("starts_at", flat=True))
    assert starts == {paris(day, 14), paris(day, 14, 30)}
    assert "tous sont annulés ensemble" in browser.get(f"{own}annuler").content.decode()
    assert browser.post(f"{own}annuler", {}).status_code == 302
    assert count(practice, "Occupancy") == 0


def test_nobody_is_led_to_wait_for_what_is_not_awaited() -> None:
    one, several = make_practice(), make_practice(1, sessions=3, apart_least_days=6)
    browser = sign_in(someone())
    for practice, awaited in ((one, True), (several, False)):
        led = browser.get(f"/reserver/{practice.role}/")["Location"]
        page = browser.get(led).content.decode()
        assert (f"/attendre/{practice.role}/" in page) is awaited
