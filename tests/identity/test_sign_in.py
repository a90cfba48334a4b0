"""Signing up, in and out: what a person sees, what the database keeps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import SYSTEM, gate
from serment.identity import staff
from serment.identity.models import Account, Role, StaffMember
from tests import factors
from tests.identity.conftest import PASSWORD, PERSON, code_sent, sent, sign_up

pytestmark = pytest.mark.django_db


def _sign_in(browser: Client, email: str = PERSON["email"], password: str = PASSWORD) -> Any:
    return browser.post("/compte/connexion/", {"login": email, "password": password})


def test_a_patient_signs_up_with_the_code_of_the_mail_and_is_signed_in(browser: Client) -> None:
    answer = sign_up(browser)
    assert answer.status_code == 302
    assert answer.url == "/mes-rendez-vous/"
    assert browser.get("/moi/").content.decode().startswith("patient ")
    assert sent()[0].to == [PERSON["email"].lower()]


def test_sign_up_asks_for_the_code_before_anything_else(browser: Client) -> None:
    answer = browser.post("/compte/inscription/", PERSON)
    assert answer.url == "/compte/code/"
    assert browser.get("/moi/").status_code == 302
    wrong = browser.post("/compte/code/", {"code": "XXXXXX", "action": "verify"})
    assert "Ce code ne convient pas" in wrong.content.decode()


def test_who_signed_up_signs_out_and_in_again(browser: Client) -> None:
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    assert browser.get("/moi/").url == "/compte/connexion/?next=/moi/"
    answer = _sign_in(browser)
    assert answer.url == "/mes-rendez-vous/"
    assert browser.get("/moi/").status_code == 200


def test_an_address_is_the_same_in_capitals(browser: Client) -> None:
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    assert _sign_in(browser, PERSON["email"].upper()).status_code == 302


def test_a_wrong_password_and_an_unknown_address_read_alike(browser: Client) -> None:
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    wrong = _sign_in(browser, password="un cheval noir sous la neige")
    unknown = _sign_in(browser, "personne@exemple.fr")
    assert "ne convient pas" in wrong.content.decode()
    assert _without_address(wrong, PERSON["email"]) == _without_address(
        unknown, "personne@exemple.fr"
    )


def _without_address(answer: Any, address: str) -> str:
    text: str = answer.content.decode().replace(address, "")
    return "\n".join(line for line in text.splitlines() if "csrfmiddlewaretoken" not in line)


def test_signing_up_twice_reads_alike_and_tells_by_mail_only(pages: None) -> None:
    first, second = (
        Client(headers={"accept-language": "fr"}),
        Client(headers={"accept-language": "fr"}),
    )
    new = first.post("/compte/inscription/", PERSON | {"email": "autre@exemple.fr"})
    sign_up(Client())
    again = second.post("/compte/inscription/", PERSON)
    assert (new.status_code, new.url) == (again.status_code, again.url)
    pages_seen = [
        _without_address(one.get("/compte/code/"), address)
        for one, address in ((first, "autre@exemple.fr"), (second, PERSON["email"]))
    ]
    assert pages_seen[0] == pages_seen[1]
    assert "code" in sent()[0].subject
    assert sent()[-1].subject == "Vous avez déjà un compte"
    assert "http://localhost:8000/compte/mot-de-passe/oublie/" in sent()[-1].body


def test_on_error_what_was_typed_stays_and_each_error_stands_beside_its_field(
    browser: Client,
) -> None:
    answer = browser.post(
        "/compte/inscription/",
        PERSON | {"birth_date": "12/03/2161", "phone": "15", "email": "sans arobase"},
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    for kept in ("Philomène", "Quatrevaux", "12/03/2161", 'value="15"', "sans arobase"):
        assert kept in page
    assert PASSWORD not in page
    for field, word in (("birth_date", "futur"), ("phone", "dix chiffres"), ("email", "complète")):
        message = page.split(f'id="id_{field}_error"')[1].split("</p>")[0]
        assert word in message


def test_several_errors_are_counted_and_the_password_s_field_says_why_it_is_empty(
    browser: Client,
) -> None:
    answer = browser.post("/compte/inscription/", PERSON | {"birth_date": "hier", "phone": "15"})
    page = answer.content.decode()
    assert "2 champs sont à corriger" in page
    for field in ("birth_date", "phone"):
        assert f'<a href="#id_{field}">' in page
    assert "un mot de passe n’est jamais renvoyé" in page


def test_who_mistyped_the_address_corrects_it_and_types_nothing_else_again(
    browser: Client,
) -> None:
    browser.post("/compte/inscription/", PERSON | {"email": "philomen@exemple.fr"})
    assert "philomen@exemple.fr" in browser.get("/compte/code/").content.decode()
    again = browser.post("/compte/inscription/recommencer/")
    assert again.url == "/compte/inscription/"
    form = browser.get("/compte/inscription/").content.decode()
    for kept in ("Philomène", "Quatrevaux", "12 mars 1961", "06 98 76 54 32", "philomen@"):
        assert kept in form
    assert PASSWORD not in form
    # Shown once: whoever sits down here next finds an empty form.
    assert "Quatrevaux" not in browser.get("/compte/inscription/").content.decode()
    # The address given up is free, and its code opens nothing.
    assert not Account.objects.exists()
    assert browser.post("/compte/code/", {"code": code_sent(), "action": "verify"}).url == (
        "/compte/inscription/"
    )
    assert sign_up(browser).url == "/mes-rendez-vous/"


def test_who_starts_over_still_gets_to_the_page_they_signed_up_for(browser: Client) -> None:
    onward = "/reserver/0191b0a0-0000-7000-8000-000000000000/?heure=2026-11-24T09:00"
    browser.post("/compte/inscription/", PERSON | {"next": onward})
    again = browser.post("/compte/inscription/recommencer/").url
    assert again.startswith("/compte/inscription/?next=%2Freserver%2F")
    answer = sign_up(browser, next=onward)
    assert answer.url == onward


def test_starting_over_removes_nobody_s_confirmed_account(pages: None) -> None:
    sign_up(Client())
    somebody = Client(headers={"accept-language": "fr"})
    somebody.post("/compte/inscription/", PERSON)
    assert somebody.post("/compte/inscription/recommencer/").url == "/compte/inscription/"
    assert _sign_in(Client()).status_code == 302


def test_what_was_typed_at_sign_up_is_forgotten_with_the_sign_in(browser: Client) -> None:
    browser.post("/compte/inscription/", PERSON)
    assert "serment.sign_up" in browser.session  # the control: it was kept till now
    browser.post("/compte/code/", {"code": code_sent(), "action": "verify"})
    assert "serment.sign_up" not in browser.session


def test_a_code_is_sent_again_twice_and_the_page_says_how_often_it_still_can(
    browser: Client,
) -> None:
    browser.post("/compte/inscription/", PERSON)
    first = code_sent()
    assert "Encore 2 envois possibles" in browser.get("/compte/code/").content.decode()
    for left in ("Encore 1 envoi possible", "Tous les envois ont été faits"):
        browser.post("/compte/code/", {"action": "resend"})
        page = browser.get("/compte/code/").content.decode()
        assert "Un nouveau message est parti" in page
        assert left in page
    before = len(sent())
    browser.post("/compte/code/", {"action": "resend"})
    assert len(sent()) == before
    assert "ne convient pas" in browser.post(
        "/compte/code/", {"code": first, "action": "verify"}
    ).content.decode()  # fmt: skip


def test_the_library_never_accepts_its_own_alias_as_an_address(browser: Client) -> None:
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    answer = _sign_in(browser, gate.alias(PERSON["email"].lower()))
    assert answer.status_code == 200
    assert "ne peut pas recevoir" in answer.content.decode()


def test_a_new_password_by_the_link_of_the_mail(browser: Client) -> None:
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    browser.post("/compte/mot-de-passe/oublie/", {"email": PERSON["email"]})
    link = next(word for word in sent()[-1].body.split() if word.startswith("http"))
    path = link.removeprefix("http://localhost:8000")
    form = browser.get(path)
    assert form.status_code == 302
    new = "une mule grise dans la brume"
    done = browser.post(form.url, {"password1": new, "password2": new})
    assert done.status_code == 302, done.content.decode()
    assert _sign_in(browser).status_code == 200
    assert _sign_in(browser, password=new).status_code == 302


def test_a_forgotten_password_of_an_unknown_address_reads_alike(browser: Client) -> None:
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    known = browser.post("/compte/mot-de-passe/oublie/", {"email": PERSON["email"]})
    unknown = browser.post("/compte/mot-de-passe/oublie/", {"email": "personne@exemple.fr"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert sent()[-1].subject == "Aucun compte à cette adresse"


def _staff_account(browser: Client, establishment: UUID, role: Role) -> UUID:
    sign_up(browser)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    member = staff.create(SYSTEM, establishment, role, {"given_name": "Odile"}, account=account)
    browser.post("/compte/deconnexion/")
    return member.pk


def test_staff_stand_in_their_establishment_and_go_to_their_agenda(
    browser: Client, establishment: UUID
) -> None:
    member = _staff_account(browser, establishment, Role.SECRETARY)
    assert _sign_in(browser).url == "/cabinet/"
    assert browser.get("/moi/").content.decode() == f"staff {member} secretary"
    # A password alone shows no agenda, but the way to prove more.
    assert browser.get("/cabinet/").url == "/compte/confirmer/?next=/cabinet/"
    protect = browser.get("/compte/confirmer/?next=/cabinet/").content.decode()
    assert "Protégez d’abord votre compte" in protect
    browser.post("/compte/deconnexion/")
    secret = factors.plant(_account_of(member, establishment))
    factors.sign_in(browser, PERSON["email"], PASSWORD, secret)
    assert browser.get("/cabinet/").content.decode() == str(establishment)


def _account_of(member: UUID, establishment: UUID) -> UUID:
    with tenancy.inside(tenant=establishment):
        account = StaffMember.objects.get(pk=member).account_id
    assert account is not None
    return account


def test_a_role_without_the_right_meets_a_missing_page(
    browser: Client, establishment: UUID
) -> None:
    _staff_account(browser, establishment, Role.SECURITY_OFFICER)
    _sign_in(browser)
    missing, refused = browser.get("/cabine/"), browser.get("/cabinet/")
    assert (missing.status_code, refused.status_code) == (404, 404)
    assert (refused.content, refused.headers) == (missing.content, missing.headers)


def test_who_left_stands_nowhere_the_same_minute(browser: Client, establishment: UUID) -> None:
    member = _staff_account(browser, establishment, Role.SECRETARY)
    _sign_in(browser)
    assert browser.get("/moi/").content.decode().startswith("staff")
    with tenancy.inside(tenant=establishment):
        StaffMember.objects.filter(pk=member).update(active=False)
    assert browser.get("/moi/").content.decode().startswith("patient")


def test_a_closed_account_is_signed_out_at_once(browser: Client) -> None:
    sign_up(browser)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    with tenancy.inside(account=account):
        Account.objects.filter(pk=account).update(is_active=False)
    assert browser.get("/moi/").status_code == 302


def test_an_address_somebody_else_typed_but_never_confirmed_is_not_lost_to_its_owner(
    pages: None,
) -> None:
    squatter, owner = Client(), Client()
    squatter.post("/compte/inscription/", PERSON | {"given_name": "Intrus"})
    sign_up(owner)
    assert owner.get("/moi/").status_code == 200
    squatter.post("/compte/code/", {"code": code_sent(), "action": "verify"})
    assert squatter.get("/moi/").status_code == 302


def test_a_new_code_can_be_asked_for(browser: Client) -> None:
    browser.post("/compte/inscription/", PERSON)
    first = code_sent()
    browser.post("/compte/code/", {"action": "resend"})
    assert len(sent()) == 2
    assert sent()[1].to == [PERSON["email"].lower()]
    assert code_sent() != first
    done = browser.post("/compte/code/", {"code": code_sent(), "action": "verify"})
    assert done.url == "/mes-rendez-vous/"


def test_trying_passwords_is_stopped(browser: Client) -> None:
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    said = [_sign_in(browser, password=f"essai {n}").content.decode() for n in range(12)]
    assert "ne convient pas" in said[0]
    assert "Trop d" in said[-1]


def test_every_account_page_opens(browser: Client) -> None:
    for path in (
        "connexion",
        "inscription",
        "mot-de-passe/oublie",
        "mot-de-passe/oublie/envoye",
        "mot-de-passe/nouveau/fait",
        "inactif",
    ):
        assert browser.get(f"/compte/{path}/").status_code == 200, path
    sign_up(browser)
    for path in ("mot-de-passe", "deconnexion"):
        assert browser.get(f"/compte/{path}/").status_code == 200, path


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("court", "Choisissez au moins 12 caractères."),
        ("q1w2e3r4t5y6", "Ce mot de passe est trop connu."),
    ],
)
def test_a_refused_password_is_told_in_short_words(
    browser: Client, password: str, said: str
) -> None:
    typed = PERSON | {"password1": password, "phone": "15"}
    answer = browser.post("/compte/inscription/", typed, headers={"accept-language": "fr"})
    text = answer.content.decode()
    assert said in text
    assert "(facultatif)" not in text


def test_after_the_last_wrong_code_the_page_stays_and_a_new_code_leads_on(browser: Client) -> None:
    slot = "/reserver/0/?heure=x"
    browser.post("/compte/inscription/", PERSON | {"next": slot})
    first = code_sent()
    for _ in range(2):
        browser.post("/compte/code/", {"code": "XXXXXX", "action": "verify"})
    third = browser.post("/compte/code/", {"code": "XXXXXX", "action": "verify"})
    assert third.status_code == 200
    assert "ce code ne sert plus" in third.content.decode()
    assert "Attendez" not in third.content.decode()
    spent = browser.post("/compte/code/", {"code": first, "action": "verify"})
    assert spent.status_code == 200, "the code that was sent opens nothing any more"
    browser.post("/compte/code/", {"action": "resend"})
    done = browser.post("/compte/code/", {"code": code_sent(), "action": "verify"})
    assert (done.status_code, done.url) == (302, slot)


def test_guesses_are_bounded_by_the_codes_that_are_sent(browser: Client) -> None:
    browser.post("/compte/inscription/", PERSON)
    for _ in range(2):
        browser.post("/compte/code/", {"action": "resend"})
        for _ in range(4):
            browser.post("/compte/code/", {"code": "XXXXXX", "action": "verify"})
    last = code_sent()
    browser.post("/compte/code/", {"action": "resend"})
    answer = browser.post("/compte/code/", {"code": last, "action": "verify"})
    assert answer.status_code == 200, "no more codes, so no more guesses"


def test_signing_up_twice_keeps_nobody_from_signing_in(pages: None) -> None:
    sign_up(Client(headers={"accept-language": "fr"}))
    seen, mails = [], []
    for email in ("nouvelle@exemple.fr", PERSON["email"]):
        browser = Client(headers={"accept-language": "fr"})
        browser.post("/compte/inscription/", PERSON | {"email": email, "next": "/moi/"})
        mails.append(sent()[-1].body)
        browser.post("/compte/code/", {"action": "resend"})
        form = browser.get("/compte/connexion/?next=/moi/")
        assert form.status_code == 200, "the form, not the code again"
        code = _without_address(browser.get("/compte/code/"), email)
        assert "/compte/connexion/?next=%2Fmoi%2F" in code
        seen.append([code, _without_address(form, email)])
    assert seen[0] == seen[1], "the pages do not tell the two apart"
    assert "http://localhost:8000/compte/connexion/" in mails[1]
    signed_in = {"login": PERSON["email"], "password": PASSWORD, "next": "/moi/"}
    done = browser.post("/compte/connexion/", signed_in)
    assert (done.status_code, done.url) == (302, "/moi/")
    assert browser.get("/moi/").content.decode().startswith("patient ")
    assert browser.get("/compte/code/").url == "/mes-rendez-vous/", "nothing is awaited any more"
