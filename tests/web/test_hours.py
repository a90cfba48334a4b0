"""An hour is told by the clock that matters to whoever reads it, and is named where it must be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from serment.directory import tenancy, territories, zones
from serment.directory.models import PractitionerRole
from serment.outbox import rendering
from serment.outbox.registry import Facts
from serment.web import hours, wording
from tests.scheduling.practice import Practice, make_practice
from tests.web.test_booking_pages import address, ask_to_keep, send, sign_in, someone
from tests.web_practice.house import next_tuesday

QUARTER = timedelta(minutes=15)
REUNION, PARIS = "Indian/Reunion", "Europe/Paris"
all_zones = st.sampled_from(sorted(zones.KNOWN)).map(ZoneInfo)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
instants = st.integers(0, 8 * 365 * 24 * 4).map(lambda quarters: FIRST + quarters * QUARTER)


def test_every_territory_has_its_hour_in_words() -> None:
    named = {one.timezone for one in territories._TERRITORIES.values()}
    assert named | set(territories._POLYNESIAN_ZONES.values()) <= zones.KNOWN


@given(instants, all_zones, all_zones, st.sampled_from(["in_person", "video", "either"]))
def test_two_clocks_that_differ_are_both_named_and_the_one_that_matters_comes_first(
    at: datetime, site: ZoneInfo, reader: ZoneInfo, mode: str
) -> None:
    for language in ("fr", "en"):
        with translation.override(language):
            text = hours.told(at, site, reader, mode)
            first = site if mode == "in_person" else reader
            assert text.startswith(wording.moment(at, first))
            assert "/" not in text, "no name of a time zone is read by anybody"
            if at.astimezone(site).replace(tzinfo=None) == at.astimezone(reader).replace(
                tzinfo=None
            ):
                assert text == wording.moment(at, site)
                continue
            assert zones.whose_hour(first) in text
            if mode != "in_person":
                assert text.endswith(f"{wording.hour(at, site)} {zones.where(site)}")
                if at.astimezone(site).date() != at.astimezone(reader).date():
                    assert wording.moment(at, site) in text, "the other day is named too"


@given(instants, all_zones, st.sampled_from(["in_person", "video", "either"]))
def test_a_message_names_whose_hour_it_tells(at: datetime, site: ZoneInfo, mode: str) -> None:
    text = rendering.told(Facts(at, site.key, "Dr Anne Lemoine", mode=mode), "fr")
    assert "/" not in text
    assert rendering.spoken(at, site.key, "fr") in text
    if not zones.agree(site, zones.PARIS, at):
        assert zones.whose_hour(site) in text
        assert (rendering.spoken(at, PARIS, "fr") in text) == (mode != "in_person")


@pytest.mark.parametrize(
    ("mode", "says", "not_"),
    [
        ("in_person", ["3 quai du Port", "Carte vitale"], ["vidéo"]),
        ("video", ["En vidéo : restez chez vous"], ["3 quai du Port", "Carte vitale"]),
        ("either", ["si vous avez choisi de venir : 3 quai", "si vous avez choisi la vidéo"], []),
    ],
)
def test_a_message_sends_nobody_to_a_street_for_a_visit_by_video(
    mode: str, says: list[str], not_: list[str]
) -> None:
    facts = Facts(
        datetime(2026, 11, 23, 6, 30, tzinfo=UTC), REUNION, "Dr Anne Lemoine",
        where="3 quai du Port, 97400 Saint-Denis", bring="Carte vitale", mode=mode,
    )  # fmt: skip
    body = rendering.letter("confirmation", facts, "fr").body.lower().replace("\u00a0", " ")
    for words in says:
        assert words.lower() in body
    for words in not_:
        assert words.lower() not in body
    over = rendering.letter("cancellation", facts, "fr").body
    assert "quai" not in over
    assert "rejoindre" not in over


def _at(hour_in_paris: int) -> datetime:
    day = next_tuesday() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour_in_paris, tzinfo=ZoneInfo(PARIS))


def _plain(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ")


@pytest.fixture
def far(db: None) -> Practice:
    """A doctor at La Réunion, by video alone; they receive from 9 to 18 h there."""
    made = make_practice(zone=REUNION, in_person=False, video=True)
    with tenancy.inside(made.establishment):
        PractitionerRole.objects.filter(id=made.role).update(video=True)
    return made


@pytest.mark.django_db
def test_by_video_every_page_tells_the_readers_hour_and_the_doctors(far: Practice) -> None:
    there = _at(8).astimezone(ZoneInfo(REUNION))
    both = f"à 8 h 00 chez vous (heure de Paris), {there.hour} h 00 à La Réunion"
    browser = sign_in(someone())
    form = _plain(browser.get(address(far, _at(8))))
    assert both in form
    assert "en vidéo" in form
    assert "personne ne vous attend au cabinet" in form
    kept = ask_to_keep(browser, far, _at(8)).replace("\u00a0", " ")
    now = datetime.now(UTC) + timedelta(minutes=10)
    near = [now + timedelta(minutes=step) for step in (-1, 0, 1)]
    wall = [wording.hour(one, ZoneInfo(PARIS)).replace("\u00a0", " ") for one in near]
    assert any(f"retenu pour vous jusqu’à {one}." in kept for one in wall)
    made = send(browser, far, _at(8), mode="video")["Location"]
    for page in (made, "/mes-rendez-vous/", made.split("?")[0] + "annuler"):
        text = _plain(browser.get(page))
        assert both in text
        assert "vidéo" in text
        assert "3 quai du Port" not in text
        assert "Indian/" not in text
    # At La Réunion itself there is one hour, and Paris is not spoken of.
    browser.cookies["fuseau"] = REUNION
    text = _plain(browser.get("/mes-rendez-vous/"))
    assert f"à {there.hour} h 00" in text
    assert "Paris)" not in text


@pytest.mark.django_db
def test_in_person_far_away_the_hour_is_the_places_and_says_so() -> None:
    far = make_practice(zone=REUNION)
    browser = sign_in(someone())
    there = _at(8).astimezone(ZoneInfo(REUNION)).hour
    assert f"à {there} h 00" in _plain(browser.get(address(far, _at(8))))
    made = send(browser, far, _at(8))["Location"]
    for page in (made, "/mes-rendez-vous/"):
        assert f"à {there} h 00 (heure de La Réunion)" in _plain(browser.get(page))


@pytest.mark.django_db
def test_a_cookie_names_a_clock_of_france_or_none() -> None:
    from django.test import RequestFactory

    def read(cookie: str) -> str:
        request = RequestFactory().get("/")
        request.COOKIES["fuseau"] = cookie
        return hours.of_reader(request).key

    assert read("Indian/Mayotte") == "Indian/Mayotte"
    for other in ("", "Europe/London", "../../etc/passwd", "Indian/Mayotte ", "x" * 9000):
        assert read(other) == PARIS


@pytest.mark.django_db
def test_a_practitioners_own_page_lays_out_video_by_the_readers_day(far: Practice) -> None:
    slug = PractitionerRole.objects.get(id=far.role).practitioner.slug
    browser = sign_in(someone())
    text = _plain(browser.get(f"/soignant/{slug}/?semaine=1"))
    assert "les heures sont celles de chez vous (heure de Paris)" in text
    assert "chez vous (heure de Paris)," in text, "whoever hears the page hears both hours"


@pytest.mark.django_db
def test_a_practitioner_s_page_past_the_last_week_that_may_be_booked_shows_none() -> None:
    browser = sign_in(someone())
    practice = make_practice(horizon_days=30)
    slug = PractitionerRole.objects.get(pk=practice.role).practitioner.slug
    for week in ("4", "5", "6", "52"):
        assert browser.get(f"/soignant/{slug}/?semaine={week}").status_code == 200
