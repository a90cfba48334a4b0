"""The team's own pages: invited, changed, gone, asleep, brought back; guards with a control."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import (
    SYSTEM,
    Actor,
    NotYours,
    Purpose,
    SessionEnded,
    containment,
    gate,
)  # fmt: skip
from serment.identity import command, dormant, joining, means, registration, returns, staff
from serment.identity.means import keeping
from serment.identity.models import Account, Role, StaffMember
from serment.identity.staff_models import Invitation, RightsReview
from serment.outbox import envelopes
from serment.scheduling.models import Appointment
from tests import factors
from tests.web_practice.house import PASSWORD, House, make_house

pytestmark = pytest.mark.django_db
NEW = "quatre-vingts moutons bleus au bois"


@pytest.fixture
def house(db: None) -> House:
    return make_house(role="manager")


def colleague(house: House, role: Role, **more: Any) -> tuple[StaffMember, Any]:
    """Somebody of the house who has signed in."""
    email = f"{ids.new_id().hex}@exemple.fr"
    who: dict[str, str | None] = {"given_name": "Maud", "family_name": "Arnoux", "email": email}
    account = registration.create(SYSTEM, email, dict(who), password=PASSWORD).pk
    member = staff.create(SYSTEM, house.practice.establishment, role, who, account=account, **more)
    browser = Client(headers={"accept-language": "fr"})
    factors.sign_in(browser, email, PASSWORD, factors.plant(account))
    return member, browser


def invite(desk: Client, role: str = "secretary", **more: str) -> Any:
    email = f"{ids.new_id().hex[:12]}@exemple.fr"
    form = {"given_name": "Odile", "family_name": "Bressan", "email": email, "role": role}
    return desk.post("/cabinet/equipe/inviter/", form | more)


def last_link() -> str:
    """The path of the link in the last message."""
    envelopes.send_waiting(clock.now())
    found = re.findall(r"https?://\S+?(/compte/invitation/\S+)", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return str(found[0])


def visitor(path: str) -> Any:
    browser = Client(headers={"accept-language": "fr"})
    browser.get(path)
    return browser


def comes_in(guest: Any, says: str = "Bienvenue dans l’équipe.") -> str:
    """A password, then the application that goes with it; its secret."""
    came = guest.post("/compte/invitation/", {"password1": NEW})
    assert came.url == "/compte/invitation/application/", text(came)
    guest.get(came.url)
    secret = str(guest.session["serment.invitation_totp"])
    shown = guest.post(came.url, {"code": factors.code(secret)})
    assert "recovery-codes" in text(shown), text(shown)
    assert says in text(shown)
    return secret


def here(house: House) -> Any:
    return tenancy.inside(tenant=house.practice.establishment)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_secretary_is_invited_and_comes_in_by_password_with_a_second_factor(
    house: House,
) -> None:
    desk = house.enter()
    wrong = invite(desk, role="", email="pas une adresse")
    assert "Choisissez ce que cette personne fera ici." in text(wrong)
    assert 'value="Bressan"' in text(wrong)  # nothing typed is lost
    assert invite(desk).status_code == 302
    path = last_link()
    assert "Odile Bressan" in text(desk.get("/cabinet/equipe/"))
    guest = visitor(path)
    page = text(guest.get("/compte/invitation/"))
    assert "secrétaire" in page
    assert "Odile" not in page  # a visitor is shown no name
    weak = guest.post("/compte/invitation/", {"password1": "motdepasse12"})
    assert "field-error" in text(weak)
    factors_secret = comes_in(guest)
    assert guest.get("/cabinet/").status_code == 200
    account = UUID(guest.session["_auth_user_id"])
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
    assert row.check_password(NEW)
    again = Client(headers={"accept-language": "fr"})
    envelopes.send_waiting(clock.now())
    address = _address_of(house)
    _half_a_minute(account)
    factors.sign_in(again, address, NEW, factors_secret)
    assert again.get("/cabinet/").status_code == 200
    # The link is spent: another browser that brings it finds nothing.
    assert visitor(path).get("/compte/invitation/").status_code == 404


def test_the_operator_invites_the_first_officer_whom_no_two_could_approve(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """The control is the keeper's: a manager alone gives no such role (``tests/keeper``)."""
    slug = Establishment.objects.get(pk=house.practice.establishment).slug
    address = f"{ids.new_id().hex[:12]}@exemple.fr"
    command.officer(slug, command.Office.PRIVACY, "Ada Chanterelle", address)
    path = str(re.findall(r"/compte/invitation/\S+", capsys.readouterr().out)[0])
    guest = visitor(path)
    comes_in(guest)
    account = UUID(guest.session["_auth_user_id"])
    again = Client(headers={"accept-language": "fr"})
    factors.sign_in(again, address, NEW, means.plant(account))
    assert again.get("/acces/alertes/").status_code == 200
    assert again.get("/cabinet/equipe/inviter/").status_code == 404


def _half_a_minute(account: UUID) -> None:
    """The digits shown last serve once: the next ones are those of another half minute."""
    with keeping.changing_alone(account) as book:
        assert book.totp is not None
        book.totp.last = 0


def _address_of(house: House) -> str:
    """Where the last invitation went."""
    del house
    sent = [one for one in mail.outbox if "/compte/invitation/" in one.body]
    return str(sent[-1].to[0])


def test_only_the_newest_link_counts_and_none_after_its_end_or_when_withdrawn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = house.enter()
    invite(desk)
    first = last_link()
    with here(house):
        invitation = Invitation.objects.get()
    desk.post(f"/cabinet/equipe/invitation/{invitation.pk}/renvoyer")
    second = last_link()
    assert visitor(first).get("/compte/invitation/").status_code == 404
    assert visitor(second).get("/compte/invitation/").status_code == 200
    now = clock.now()
    late = now + timedelta(days=8)
    assert joining.arrival(second.rstrip("/").rpartition("/")[2], late) is None
    desk.post(f"/cabinet/equipe/invitation/{invitation.pk}/retirer")
    assert visitor(second).get("/compte/invitation/").status_code == 404
    with here(house):
        assert not StaffMember.objects.filter(pk=invitation.member_id).exists()


def test_who_has_an_account_accepts_with_it_a_patient_s_own_is_refused(house: House) -> None:
    desk = house.enter()
    invite(desk)
    path = last_link()
    email = f"{ids.new_id().hex}@exemple.fr"
    account = registration.create(SYSTEM, email, {"given_name": "Odile"}, password=PASSWORD).pk
    gate.link(SYSTEM, account=account, patient_file=house.files[0])
    guest = Client(headers={"accept-language": "fr"})
    factors.sign_in(guest, email, PASSWORD)
    guest.get(path)
    assert "compte de patient" in text(guest.get("/compte/invitation/"))
    guest.post("/compte/invitation/accepter/")
    with here(house):
        assert not StaffMember.objects.filter(account_id=account).exists()
    other = f"{ids.new_id().hex}@exemple.fr"
    free = registration.create(SYSTEM, other, {"given_name": "Odile"}, password=PASSWORD).pk
    secret = factors.plant(free)
    guest = Client(headers={"accept-language": "fr"})
    factors.sign_in(guest, other, PASSWORD, secret)
    guest.get(path)
    came: Any = guest.post("/compte/invitation/accepter/")
    assert came.url == "/cabinet/"
    assert guest.get("/cabinet/").status_code == 200


def test_an_officer_s_invitation_opens_only_after_two_approvals(house: House) -> None:
    desk = house.enter()
    invite(desk, role="security_officer")
    path = last_link()
    guest = visitor(path)
    assert "deux responsables" in text(guest.get("/compte/invitation/"))
    guest.post("/compte/invitation/", {"password1": NEW})
    assert "_auth_user_id" not in guest.session
    with here(house):
        invitation = Invitation.objects.select_related("member").get()
    assert not invitation.member.active
    officers = [_officer(house) for _ in range(2)]
    (grant,) = [one for one in containment.grants(officers[0]) if one.kind == "role"]
    containment.approve_grant(officers[0], grant.digest)
    desk.post("/cabinet/equipe/invitation/role", {"invitation": invitation.pk})
    assert "deux responsables" in text(guest.get("/compte/invitation/"))  # one is not enough
    containment.approve_grant(officers[1], grant.digest)
    desk.post("/cabinet/equipe/invitation/role", {"invitation": invitation.pk})
    comes_in(guest)
    with here(house):
        member = StaffMember.objects.get(pk=invitation.member_id)
    assert (member.role, member.active) == ("security_officer", True)


def _officer(house: House) -> Actor:
    member, _browser = colleague(house, Role.PRIVACY_OFFICER)
    where = house.practice.establishment
    capability = gate.open_session("staff", member.pk, member.role, where, 1, str(member.pk))
    return Actor("staff", member.pk, member.role, where, str(member.pk), capability=capability)


def test_another_role_counts_at_the_keeper_too(house: House) -> None:
    member, browser = colleague(house, Role.TRAINEE, ends_at=clock.now() + timedelta(days=9))
    desk = house.enter()
    there = f"/cabinet/equipe/{member.pk}"
    assert "jusqu’à quand" in text(desk.post(f"{there}/role", {"role": "substitute"}))
    desk.post(f"{there}/role", {"role": "secretary"})
    member.refresh_from_db()
    assert (member.role, member.ends_at) == ("secretary", None)
    # The session of the former role is over, and the keeper takes no claim to it any more.
    assert browser.get("/cabinet/patients/").status_code == 302
    where = house.practice.establishment
    with pytest.raises(NotYours):
        gate.open_session("staff", member.pk, "trainee", where, 1)
    assert gate.open_session("staff", member.pk, "secretary", where, 1)
    # An officer's role is proposed, not given.
    desk.post(f"{there}/role", {"role": "manager"})
    member.refresh_from_db()
    assert member.role == "secretary"
    assert "attend deux accords" in text(desk.get(f"{there}/"))


@pytest.mark.parametrize("guarded", [True, False])
def test_a_departure_ends_an_open_session_at_the_next_request(
    house: House, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: a departure that only wrote a last day leaves the page open."""
    member, browser = colleague(house, Role.SECRETARY, practitioner_role=house.practice.role)
    assert browser.get("/cabinet/").status_code == 200
    old = browser.session["serment.capability"]
    desk = house.enter()
    asking = text(desk.get(f"/cabinet/equipe/{member.pk}/fin/"))
    assert "3 rendez-vous à venir restent dans son agenda" in asking
    if not guarded:
        monkeypatch.setattr(staff, "end", lambda *_: None)
    desk.post(f"/cabinet/equipe/{member.pk}/fin/")
    answer = browser.get("/cabinet/")
    assert (answer.status_code == 200) is not guarded
    if guarded:
        assert "/compte/connexion/" in answer.url
        _nothing_opens(house, member, old)


@pytest.mark.parametrize("guarded", [True, False])
def test_what_waited_for_somebody_who_left_is_withdrawn(
    house: House, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: left lying, two officers are still asked to make them one of theirs."""
    member, _browser = colleague(house, Role.SECRETARY)
    officer = _officer(house)
    soon = clock.now() + timedelta(days=7)
    asked = containment.propose_role(officer, member.pk, Role.SECURITY_OFFICER, not_after=soon)
    if not guarded:
        monkeypatch.setattr(staff, "_withdraw_what_waits_for", lambda *_: None)
    assert house.enter().post(f"/cabinet/equipe/{member.pk}/fin/").status_code == 302
    (grant,) = [one for one in containment.grants(officer) if one.digest == asked]
    assert grant.revoked is guarded


def _nothing_opens(house: House, member: StaffMember, capability: str) -> None:
    actor = Actor(
        "staff", member.pk, "secretary", house.practice.establishment,
        capability=base64.b64decode(capability),
    )  # fmt: skip
    with here(house):
        own = StaffMember.objects.get(pk=member.pk)
        with pytest.raises(SessionEnded):
            gate.reveal(actor, Purpose.ADMINISTRATION, [own], ["given_name"])
        # What they had to do is still there for somebody else to see.
        assert Appointment.objects.filter(role_id=house.practice.role).count() == 3
    again = Client(headers={"accept-language": "fr"})
    account = member.account_id or ids.new_id()
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
    again.force_login(row, "serment.identity.backend.SealedBackend")
    assert again.get("/cabinet/").status_code == 404


def test_a_lost_access_comes_back_by_two_people_and_by_neither_alone(house: House) -> None:
    lost, browser = colleague(house, Role.SECRETARY)
    _other, second = colleague(house, Role.SECRETARY)
    desk = house.enter()
    there = f"/cabinet/equipe/{lost.pk}/perdu"
    desk.post(f"{there}/pages")
    assert browser.get("/cabinet/").status_code == 302  # every page is closed
    desk.post(f"{there}/rendre")
    (asked,) = returns.waiting(_officer(house), clock.now())
    before = len(mail.outbox)
    desk.post(f"/cabinet/equipe/rendre/{asked.pk}")  # the one who asked is not the second
    envelopes.send_waiting(clock.now())
    assert not [one for one in mail.outbox[before:] if "/compte/invitation/" in one.body]
    assert "Maud Arnoux" in text(second.get("/cabinet/equipe/rendre/"))
    second.post(f"/cabinet/equipe/rendre/{asked.pk}")
    guest = visitor(last_link())
    assert "Retrouver votre accès" in text(guest.get("/compte/invitation/"))
    comes_in(guest, says="Vous avez retrouvé votre accès.")  # no newcomer
    assert guest.session["_auth_user_id"] == str(lost.account_id)


def test_unused_accesses_are_told_and_then_closed_and_opened_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, browser = colleague(house, Role.SECRETARY)
    kept, _browser = colleague(house, Role.SECRETARY)
    today = clock.now()
    with here(house):
        assert StaffMember.objects.get(pk=member.pk).seen_week == dormant.week_of(today)
        StaffMember.objects.filter(role="manager").update(seen_week=None)
    soon = today + timedelta(days=dormant.SLEEP_DAYS - 5)
    with here(house):
        StaffMember.objects.filter(pk=kept.pk).update(seen_week=dormant.week_of(soon))
    mail.outbox.clear()
    # The keeper's clock is this one: it opens the address in the window alone, so not yet.
    assert dormant.close_unused(soon).closed == 0
    with here(house):
        warned = StaffMember.objects.get(pk=member.pk)
    assert warned.warned
    assert not StaffMember.objects.filter(pk=kept.pk, warned=True).exists()
    late = soon + timedelta(days=dormant.NOTICE_DAYS - 1)
    assert dormant.close_unused(late).closed == 0  # fourteen days after the message, no sooner
    later = soon + timedelta(days=dormant.NOTICE_DAYS + 8)
    assert dormant.close_unused(later).closed == 1
    assert browser.get("/cabinet/patients/").status_code == 404
    desk = house.enter()
    assert "Accès fermés faute d’usage" in text(desk.get("/cabinet/equipe/"))
    desk.post(f"/cabinet/equipe/{member.pk}/rouvrir")
    assert browser.get("/cabinet/patients/").status_code == 200


def test_rights_are_looked_at_each_year_by_somebody_else_on_record(house: House) -> None:
    old = (clock.now() - timedelta(days=800)).date()
    member, _browser = colleague(house, Role.SECRETARY, since=old)
    desk = house.enter()
    page = text(desk.get("/cabinet/equipe/revue/"))
    assert "en retard" in page
    assert "chercher un patient" in page
    desk.post(f"/cabinet/equipe/revue/{member.pk}", {"decision": "keep"})
    with here(house):
        look = RightsReview.objects.get()
        me = StaffMember.objects.get(role="manager")
    assert (look.member_id, look.reviewer_id, look.decision) == (member.pk, me.pk, "keep")
    assert "en retard" not in text(desk.get("/cabinet/equipe/revue/"))
    table = desk.get("/cabinet/equipe/revue.csv")
    assert "Maud Arnoux;secrétaire" in text(table)
    # Nobody looks at their own rights where there is another officer.
    colleague(house, Role.PRIVACY_OFFICER)
    assert desk.post(f"/cabinet/equipe/revue/{me.pk}", {"decision": "keep"}).status_code == 404
