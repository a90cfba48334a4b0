"""Relatives on the pages: booking for a child, a daughter let in and out, a secret that is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, Purpose, acting, gate
from serment.identity import contact, files, policy, reaching, registration
from serment.identity.models import Account
from serment.identity.relatives import filing, people
from serment.identity.relatives.terms import is_minor, majority
from serment.outbox import delivery, envelopes
from serment.scheduling import moving, sealed_details
from serment.scheduling.models import Appointment
from serment.scheduling.sealed_details import Details, read
from serment.web.patient import for_whom
from tests.web_practice.house import PASSWORD, House, make_house

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])
YES = {"premiere": "oui", "mode": "in_person"}


@pytest.fixture(autouse=True)
def surely(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a second factor is, is tested elsewhere."""
    monkeypatch.setattr(policy, "strength_of", lambda _request: policy.Strength.VERIFIED)
    monkeypatch.setattr(policy, "minutes_since_sign_in", lambda _request: 0.0)


@dataclass
class Somebody:
    """An account with a browser of its own."""

    account: UUID
    email: str
    browser: Client

    @property
    def actor(self) -> Actor:
        capability = gate.open_session("patient", self.account, "", None, 1)
        return Actor("patient", self.account, capability=capability)

    def reads(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()

    def books(self, house: House, hour: int, **more: str) -> Any:
        form = {
            "heure": house.at(hour).isoformat(), "motif": str(house.practice.reason),
            "cle": "", **YES, **more,
        }  # fmt: skip
        return self.browser.post(f"/reserver/{house.practice.role}/", form)


def somebody(given: str, family: str = "Lemoine", born: str = "1984-11-02") -> Somebody:
    email = f"{given.lower()}-{ids.new_id().hex[:8]}@exemple.fr"
    values = {"given_name": given, "family_name": family, "birth_date": born}
    account = registration.create(SYSTEM, email, dict(values), password=PASSWORD).pk
    browser = Client(headers={"accept-language": "fr"})
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
    browser.force_login(row, "serment.identity.backend.SealedBackend")
    return Somebody(account, email, browser)


def test_all_that_is_to_be_corrected_is_said_at_once_and_adds_nobody() -> None:
    daughter = somebody("Jeanne")
    answer = daughter.browser.post("/mes-proches/ajouter", {"lien": "guardian"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "c’est le jour où la mesure prend fin" in page
    assert page.count('class="field-message"') == 5
    assert not people.acted_for(daughter.actor)


def born_years_ago(years: int) -> str:
    today = clock.now().date()
    return today.replace(year=today.year - years, day=min(today.day, 28)).isoformat()


def relation_in(page: str) -> str:
    found = re.search(r"/mes-proches/([0-9a-f-]{36})/fin", page)
    assert found is not None
    return found[1]


def visits_of(house: House) -> set[UUID]:
    with tenancy.inside(tenant=house.practice.establishment):
        return set(Appointment.objects.values_list("pk", flat=True))


def link_of_last_mail() -> str:
    envelopes.send_waiting(clock.now())
    links = [
        found[1]
        for one in mail.outbox
        if (found := re.search(r"https?://[^/]+(/mes-proches/invitation/\S+)", str(one.body)))
    ]
    return links[-1]


def told_to(email: str) -> list[str]:
    """What was said of mandates to this address."""
    envelopes.send_waiting(clock.now())
    delivery.send_due(clock.now() + timedelta(minutes=10))
    about = [
        one for one in mail.outbox if one.to == [email] and "/invitation/" not in str(one.body)
    ]
    return [str(one.body) for one in about if "agi" in str(one.body)]


def invited(house: House, file: UUID, relative: Somebody, **more: str) -> None:
    """A desk that saw the paper invites; they accept."""
    form = {"acte": "inviter", "titre": "parent", "nom": "Bastien Lemoine", "piece": "livret"}
    answer = house.enter().post(
        f"/cabinet/patients/{file}/proches", {**form, "email": relative.email, **more}
    )
    assert answer.status_code == 302, answer.content.decode()
    assert relative.browser.post(link_of_last_mail()).status_code == 302


def _chosen(page: str) -> str:
    """Whom the form begins with: a relation, nothing for oneself."""
    found = re.search(r'name="pour" value="([^"]*)" checked', page)
    assert found is not None
    return found[1]


def test_an_hour_looked_for_beside_a_child_s_name_is_proposed_for_that_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house, parent, stranger = make_house(), somebody("Bastien"), somebody("Paul")
    child = {"given_name": "Capucine", "family_name": "Lemoine", "birth_date": born_years_ago(8)}
    parent.browser.post("/mes-proches/ajouter", child)
    relation = relation_in(parent.reads("/mes-proches/"))
    query = f"?heure={house.at(14).isoformat().replace('+', '%2B')}&motif={house.practice.reason}"
    form = f"/reserver/{house.practice.role}/{query}"
    assert _chosen(parent.reads(form)) == ""
    begin = f"/mes-proches/{relation}/reserver"
    assert stranger.browser.post(begin).status_code == 404
    assert parent.browser.post(begin)["Location"] == "/"
    assert _chosen(parent.reads(form)) == relation
    assert _chosen(parent.reads(f"/attendre/{house.practice.role}/")) == relation
    assert _chosen(parent.reads(form + "&pour=")) == "", "what a form says goes first"
    with monkeypatch.context() as later:
        over = clock.now() + for_whom.MEANT_FOR + timedelta(seconds=1)
        later.setattr(clock, "now", lambda: over)
        assert _chosen(parent.reads(form)) == ""
    assert _chosen(parent.reads(form)) == relation, "the control: within the half hour"
    assert parent.books(house, 14, pour=relation).status_code == 302
    assert _chosen(parent.reads(f"/attendre/{house.practice.role}/")) == "", "asked anew"


def test_a_parent_books_for_a_child_who_is_listed_apart_and_written_to_by_the_parent() -> None:
    house, parent = make_house(), somebody("Bastien")
    form = {"given_name": "Capucine", "family_name": "Lemoine", "birth_date": "1/2/1990"}
    refused = parent.browser.post("/mes-proches/ajouter", form)
    assert refused.status_code == 422
    assert "majeure" in refused.content.decode()
    assert "Capucine" in refused.content.decode()
    form["birth_date"] = born_years_ago(8)
    assert parent.browser.post("/mes-proches/ajouter", form).status_code == 302
    relation = relation_in(parent.reads("/mes-proches/"))
    before = visits_of(house)
    answer = parent.books(house, 14, pour=relation)
    assert answer.status_code == 302, answer.content.decode()
    (visit,) = visits_of(house) - before
    assert gate.records_of(parent.actor, parent.account) == []
    page = parent.reads("/mes-rendez-vous/")
    assert page.index("Rien de prévu") < page.index("Rendez-vous de Capucine Lemoine")
    sooner = f"/attendre/{house.practice.role}/?plus-tot={visit}"
    own = f"/mes-rendez-vous/{visit}/"
    for page_of_it in (own, f"{own}annuler", f"{own}deplacer", sooner):
        told = parent.reads(page_of_it)
        assert "Capucine Lemoine" in told, "of two children, the one that is meant"
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert [letter.to for letter in mail.outbox][-1] == [parent.email]
    file = gate.files_behind(house.practice.secretary(), "agenda", [visit])[visit]  # type: ignore[arg-type]
    desk = house.enter()
    said = desk.get(f"/cabinet/patients/{file}/").content.decode()
    assert "Bastien Lemoine" in said
    assert "déclaré, pas encore prouvé ici" in said
    seen = {"acte": "vu", "lien": relation, "piece": "livret"}
    desk.post(f"/cabinet/patients/{file}/proches", seen)
    assert "prouvé ici" in desk.get(f"/cabinet/patients/{file}/proches").content.decode()
    stranger = somebody("Gaspard")
    assert stranger.books(house, 15, pour=relation).status_code == 404
    assert stranger.browser.get(f"/mes-rendez-vous/{visit}/").status_code == 404
    # One's word opened nothing else; and the desk's cut is of the same minute.
    assert parent.browser.get(f"/mes-rendez-vous/{visit}/").status_code == 200
    desk.post(f"/cabinet/patients/{file}/proches", {"acte": "couper", "lien": relation})
    assert parent.browser.get(f"/mes-rendez-vous/{visit}/").status_code == 404


def test_a_child_s_cancelled_visit_stays_on_the_parent_s_list_and_says_whose_it_is() -> None:
    house, parent = make_house(), somebody("Bastien")
    form = {"given_name": "Capucine", "family_name": "Lemoine", "birth_date": born_years_ago(8)}
    parent.browser.post("/mes-proches/ajouter", form)
    before = visits_of(house)
    parent.books(house, 14, pour=relation_in(parent.reads("/mes-proches/")))
    (visit,) = visits_of(house) - before
    assert "Passés ou annulés" not in parent.reads("/mes-rendez-vous/"), (
        "the control: it is to come"
    )
    assert parent.browser.post(f"/mes-rendez-vous/{visit}/annuler").status_code == 302
    coming, over = parent.reads("/mes-rendez-vous/").split("Passés ou annulés")
    assert str(visit) not in coming
    assert str(visit) in over
    assert "Capucine Lemoine" in over


@pytest.mark.parametrize("guarded", [True, False])
def test_a_child_s_visit_is_told_where_the_parent_wants_to_be_written_to(
    monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    house, parent = make_house(), somebody("Bastien")
    with tenancy.inside(account=parent.account):
        reaching.say(parent.actor, contact.Wishes(email="sure@exemple.fr"), clock.now())
    form = {"given_name": "Capucine", "family_name": "Lemoine", "birth_date": born_years_ago(8)}
    assert parent.browser.post("/mes-proches/ajouter", form).status_code == 302
    relation = relation_in(parent.reads("/mes-proches/"))
    if not guarded:
        told = people.own_values
        monkeypatch.setattr(filing, "own_values", lambda actor, _fields: told(actor, ["email"]))
    assert parent.books(house, 14, pour=relation).status_code == 302
    mail.outbox.clear()
    delivery.send_due(delivery.next_try(0, clock.now()))
    wanted = "sure@exemple.fr" if guarded else parent.email
    assert [letter.to for letter in mail.outbox] == [[wanted]]
    again = {"mail": "1", "email": "autre@exemple.fr"}
    page = parent.browser.post("/mon-compte/contact", again, follow=True).content.decode()
    assert "gardent l’adresse qu’ils avaient" in page


def test_a_mother_lets_her_daughter_act_reads_what_she_did_and_ends_it_at_once() -> None:
    house, mother, daughter = make_house(), somebody("Monique"), somebody("Jeanne")
    assert mother.books(house, 14).status_code == 302
    (visit,) = gate.records_of(mother.actor, mother.account)
    wanted = {"nom": "Ma fille Jeanne", "email": "pas une adresse", "droits": "appointments"}
    refused = mother.browser.post("/mes-proches/inviter", wanted)
    assert refused.status_code == 422
    assert "Ma fille Jeanne" in refused.content.decode()
    wanted["email"] = daughter.email
    assert mother.browser.post("/mes-proches/inviter", wanted).status_code == 302
    link = link_of_last_mail()
    assert "Monique" not in mail.outbox[-1].body + mail.outbox[-1].subject
    assert mail.outbox[-1].to == [daughter.email]
    assert daughter.browser.get(f"/mes-rendez-vous/{visit}/").status_code == 404
    page = daughter.reads(link)
    assert "Agir pour M. L." in page
    assert "Lemoine" not in page.partition("<main")[2], "whoever holds the link reads no name"
    assert daughter.browser.get(f"/mes-rendez-vous/{visit}/").status_code == 404, "a link acts not"
    assert mother.browser.post(link).status_code == 409
    assert daughter.browser.post(link).status_code == 302
    for used in (daughter.reads(link), daughter.browser.post(link).content.decode()):
        assert "Vous l’avez déjà acceptée" in used
        assert "Accepter" not in used
    stranger = somebody("Voleur")
    assert "a déjà servi" in stranger.browser.get(link).content.decode()
    assert stranger.browser.post(link).status_code == 410
    assert "Rendez-vous de Monique Lemoine" in daughter.reads("/mes-rendez-vous/")
    assert daughter.browser.get(f"/mes-rendez-vous/{visit}/").status_code == 200
    (begun,) = told_to(mother.email)
    assert "a accepté" in begun
    told = mother.reads("/qui-a-ouvert-mes-donnees/")
    assert "Ma fille Jeanne (Jeanne Lemoine)" in told
    assert "à qui vous avez donné accès" in told
    relation = relation_in(mother.reads("/mes-proches/").partition("Ils agissent pour moi")[2])
    assert daughter.browser.get(f"/mes-proches/{relation}/acces").status_code == 404, "no scope"
    assert told_to(daughter.email) == []
    assert mother.browser.post(f"/mes-proches/{relation}/fin").status_code == 302
    (over,) = told_to(daughter.email)
    assert "y a mis fin" in over
    assert not [name for name in ("Monique", "Jeanne", "Lemoine") if name in begun + over]
    assert daughter.browser.get(f"/mes-rendez-vous/{visit}/").status_code == 404
    assert "Monique" not in daughter.reads("/mes-rendez-vous/") + daughter.reads("/mes-proches/")
    assert daughter.books(house, 15, pour=relation).status_code == 404


def test_who_took_a_file_over_reads_that_a_parent_or_a_protector_acts() -> None:
    """Added before there was an account, they go on seeing the visits of that file. The control:
    before the file is theirs, nobody acts; an adult has then nobody to keep a visit from."""
    house, daughter = make_house(), somebody("Irma")
    ward = somebody("Raymond", born="1941-03-03")
    until = (clock.now() + timedelta(days=40)).date().isoformat()
    named = {"given_name": "Raymond", "family_name": "Lemoine", "birth_date": "3/3/1941"}
    more = {"lien": "guardian", "measure": "curatelle", "jusqu_au": until}
    assert daughter.browser.post("/mes-proches/ajouter", named | more).status_code == 302
    (person,) = people.acted_for(daughter.actor)
    assert daughter.books(house, 14, pour=str(person.mandate.record)).status_code == 302
    (visit,) = gate.records_of(daughter.actor, person.mandate.person)
    file = gate.files_behind(daughter.actor, Purpose.SELF, [visit])[visit]
    assert "Personne n’agit pour vous" in ward.reads("/mes-proches/")
    assert "Garder ce rendez-vous pour moi" not in ward.reads(_form(house, 15))
    gate.link(house.practice.secretary(), account=ward.account, patient_file=file)
    page = ward.reads("/mes-proches/")
    assert "Personne n’agit pour vous" not in page
    assert "La personne qui protège" in page
    assert "un cabinet doit voir la décision" in page
    assert "Garder ce rendez-vous pour moi" in ward.reads(_form(house, 15))
    assert "qui vous protège" in ward.reads("/qui-a-ouvert-mes-donnees/")


def test_what_a_minor_keeps_secret_shows_on_no_page_of_a_parent() -> None:
    house, parent = make_house(), somebody("Bastien")
    # Not the present hour: a timeline's lines tell when they were written.
    present = clock.now().astimezone(ZoneInfo("Europe/Paris")).hour
    late, later = (16, 15) if present in {14, 15} else (15, 16)
    minor = somebody("Lucie", born=born_years_ago(16))
    assert "Garder ce rendez-vous pour moi" in minor.reads(_form(house, 14))
    assert minor.books(house, 14).status_code == 302
    (open_,) = gate.records_of(minor.actor, minor.account)
    file = gate.files_behind(minor.actor, "self", [open_])[open_]  # type: ignore[arg-type]
    invited(house, file, parent)
    assert parent.browser.get(f"/mes-rendez-vous/{open_}/").status_code == 200, "the control"
    (mandate,) = [one for one in acting.of(parent.actor, parent.account) if one.mine]
    timeline = f"/mes-proches/{mandate.record}/acces"
    before = [parent.reads("/mes-rendez-vous/"), parent.reads(timeline)]
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert mail.outbox, "the control: of the open visit one went"
    mail.outbox.clear()
    assert minor.books(house, late, garder="oui").status_code == 302
    (secret,) = set(gate.records_of(minor.actor, minor.account)) - {open_}
    house.enter().get(f"/cabinet/patients/{file}/")
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert mail.outbox == [], "no message goes out about it"
    after = [parent.reads("/mes-rendez-vous/"), parent.reads(timeline)]
    hour = re.compile(rf"\b{late}\s?h")
    assert [bool(hour.search(_text(page))) for page in after] == [False, False]
    assert _text(after[0]) == _text(before[0])
    never = parent.browser.get(f"/mes-rendez-vous/{ids.new_id()}/")
    for path in ("", "annuler", "agenda.ics"):
        answer = parent.browser.get(f"/mes-rendez-vous/{secret}/{path}")
        assert answer.status_code == never.status_code == 404
    # Its time is taken, as by anybody; that it is the child's own the form does not say.
    mine = parent.books(house, late, pour=str(mandate.record))
    theirs = somebody("Gaspard").books(house, late)
    assert (mine.status_code, theirs.status_code) == (409, 409)
    assert "vient d’être pris" in mine.content.decode()
    assert "gardé pour vous" in minor.reads("/mes-rendez-vous/")
    # Moved by the desk it stays kept, so that put back after a cancellation it would be too.
    with tenancy.inside(tenant=house.practice.establishment):
        at_desk = house.practice.secretary()
        there = house.practice.booking(file, house.at(later))
        moving.move(at_desk, secret, there, clock.now())
        row = Appointment.objects.get(pk=secret)
        assert sealed_details.reveal(at_desk, Purpose.BOOKING, [row])[secret].kept
    assert parent.browser.get(f"/mes-rendez-vous/{secret}/").status_code == 404
    # The desk closes the other one too: what showed shows no more.
    assert house.enter().post(f"/cabinet/visite/{open_}/garder").status_code == 302
    assert parent.browser.get(f"/mes-rendez-vous/{open_}/").status_code == 404
    assert minor.browser.post(f"/mes-rendez-vous/{open_}/annuler").status_code == 302
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert mail.outbox == []


@pytest.mark.parametrize("guarded", [True, False])
def test_a_desk_s_invitation_is_told_to_the_file_and_its_end_to_nobody_who_is_a_minor(
    guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: told of a minor too, the end is read by whoever was shut out."""
    from serment.identity.relatives import desk as at_desk

    if not guarded:
        monkeypatch.setattr(at_desk, "is_minor", lambda *_: False)
    said = dict[str, list[str]]()
    for given, born in (("Lucie", born_years_ago(16)), ("Monique", "1950-11-02")):
        house = make_house(5 if given == "Lucie" else 6)
        person, relative = somebody(given, born=born), somebody("Bastien")
        hour = 14 if given == "Lucie" else 15
        assert person.books(house, hour).status_code == 302
        (visit,) = gate.records_of(person.actor, person.account)
        file = gate.files_behind(person.actor, Purpose.SELF, [visit])[visit]
        adult = {"titre": "guardian", "mesure": "tutelle", "piece": "jugement"}
        until = (clock.now() + timedelta(days=90)).date().isoformat()
        more = {} if given == "Lucie" else {**adult, "jusqu_au": until}
        invited(house, file, relative, **more)
        mail.outbox.clear()
        (offered,) = told_to(person.email)
        assert "invite quelqu’un à agir" in offered
        (mandate,) = [one for one in acting.of(relative.actor, relative.account) if one.mine]
        cut = {"acte": "couper", "lien": str(mandate.record)}
        gone = house.enter().post(f"/cabinet/patients/{file}/proches", cut)
        assert gone.url.endswith(f"/{file}/proches")
        mail.outbox.clear()
        said[given] = told_to(person.email)
        assert told_to(relative.email) == []
    assert len(said["Monique"]) == 1
    assert "a mis fin" in said["Monique"][0]
    assert len(said["Lucie"]) == (0 if guarded else 1)


def test_a_measure_ends_and_the_desk_is_told_to_renew_it(monkeypatch: pytest.MonkeyPatch) -> None:
    house, guardian = make_house(), somebody("Irma")
    file = house.files[0]
    day = clock.now().astimezone(ZoneInfo("Europe/Paris")).date()  # a measure ends by that clock
    more = {"titre": "guardian", "mesure": "tutelle", "piece": "jugement"}
    invited(house, file, guardian, jusqu_au=day.isoformat(), **more)
    assert guardian.browser.get(f"/mes-rendez-vous/{house.visits[0]}/").status_code == 200
    desk = house.enter()
    said = desk.get(f"/cabinet/patients/{file}/").content.decode()
    assert "tutelle" in said.lower()
    assert "notice-gold" in said, "it ends within the time to renew"
    assert "Faites lire la décision" in guardian.reads("/mes-proches/")
    left = "n’agit plus ici"
    assert left not in said, "the control: they still act"
    later = clock.now() + timedelta(days=2)
    from serment.identity.relatives import desk as at_desk

    with tenancy.inside(tenant=house.practice.establishment):
        rows = at_desk.of_file(house.practice.secretary(), file)
    assert [one.is_over(later) for one in at_desk.measures(rows, later)] == [True]
    assert not rows[0].stands(later)
    # Whose address and number are in the file still is asked once they act no more.
    days = (timedelta(), timedelta(days=2), timedelta(days=400))
    assert [rows[0].left_behind(clock.now() + one) for one in days] == [False, True, False]
    cut = {"acte": "couper", "lien": str(rows[0].known.mandate.record)}
    assert desk.post(f"/cabinet/patients/{file}/proches", cut).status_code == 302
    assert left in desk.get(f"/cabinet/patients/{file}/").content.decode()
    with tenancy.inside(tenant=house.practice.establishment):
        files.change(house.practice.secretary(), file, {"phone": "", "email": ""})
    assert left not in desk.get(f"/cabinet/patients/{file}/").content.decode()


@pytest.mark.parametrize(
    ("born", "of_age"),
    [
        ("2008-11-22", "2026-11-21T23:00:00+00:00"),  # the hour in Paris, winter and summer
        ("2008-07-14", "2026-07-13T22:00:00+00:00"),
        ("2008-02-29", "2026-02-28T23:00:00+00:00"),  # 1 March of a year without a 29 February
    ],
)
def test_a_parent_s_right_ends_with_the_eighteenth_birthday(born: str, of_age: str) -> None:
    at = majority(date.fromisoformat(born))
    assert at == datetime.fromisoformat(of_age)
    assert is_minor(date.fromisoformat(born), at - timedelta(seconds=1))
    assert not is_minor(date.fromisoformat(born), at)


def test_a_kept_visit_is_sealed_to_as_many_bytes_as_any() -> None:
    open_, kept = Details(reason=ids.new_id()), Details(reason=ids.new_id(), kept=True)
    assert len(open_.as_json()) == len(kept.as_json())
    assert read(kept.as_json()).kept
    assert not read(open_.as_json()).kept


def _form(house: House, hour: int) -> str:
    at = house.at(hour).isoformat().replace("+", "%2B")
    return f"/reserver/{house.practice.role}/?heure={at}&motif={house.practice.reason}"


def _text(page: str) -> str:
    """Without what differs on every answer, and without what is not the page's own."""
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"<[^>]+>|\s+", " ", main)
