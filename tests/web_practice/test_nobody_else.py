"""Where a second person is asked for and there is none, the page says which way there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from serment import clock
from serment.directory.models import Establishment
from serment.disclosure import SYSTEM, containment, oversight, passkeys
from serment.disclosure.passkeys import Passkey
from serment.identity import invitations, registration, returns, staff
from serment.identity.models import Role, StaffMember
from serment.identity.staff_models import Invitation
from serment.web.practice import second_word
from serment.web.practice.staffing import told
from tests.web_practice.house import House, make_house
from tests.web_practice.test_team import colleague, here, invite, text

pytestmark = pytest.mark.django_db
TEAM, INVITE = "/cabinet/equipe/", "/cabinet/equipe/inviter/"
LONE = "le temps n’y change rien"


@pytest.fixture
def house(db: None) -> House:
    return make_house(role="manager")


def _slug(house: House) -> str:
    return Establishment.objects.get(pk=house.practice.establishment).slug


def _approve_first(house: House, desk: Any) -> str:
    (grant,) = containment.grants(_manager(house))
    sent = {"empreinte": grant.digest.hex(), "what": "approve"}
    return text(desk.post("/acces/accords/approuver", sent, follow=True))


def _manager(house: House) -> Any:
    from serment.disclosure import Actor, gate

    with here(house):
        me = StaffMember.objects.get(role="manager", active=True)
    where = house.practice.establishment
    capability = gate.open_session("staff", me.pk, "manager", where, 1, str(me.pk))
    return Actor("staff", me.pk, "manager", where, str(me.pk), capability=capability)


def test_a_lone_manager_reads_who_gives_the_second_approval(house: House) -> None:
    desk = house.enter()
    before = text(desk.get(INVITE))
    assert LONE in before
    assert f"serment practice manager {_slug(house)}" in before
    invite(desk, role="manager")
    said = _approve_first(house, desk)
    assert LONE in said
    page = text(desk.get(TEAM))
    assert "un accord sur deux est donné" in page
    assert f"serment keeper solo {house.practice.establishment}" in page


def test_where_two_officers_are_nothing_more_is_said(house: House) -> None:
    """The negative control of all of it."""
    colleague(house, Role.PRIVACY_OFFICER)
    desk = house.enter()
    invite(desk, role="manager")
    assert second_word.way(_manager(house)) == second_word.Way()
    assert LONE not in text(desk.get(INVITE)) + text(desk.get(TEAM))


def test_a_practice_of_one_reads_of_its_72_hours_or_of_its_trustee(house: House) -> None:
    here_ = house.practice.establishment
    containment.set_solo(oversight.OPERATOR, here_)
    desk = house.enter()
    invite(desk, role="manager")
    assert "72 heures plus tard" in text(desk.get(TEAM))
    _approve_first(house, desk)
    assert "accord donné : prend effet le" in text(desk.get(TEAM)).replace("\u00a0", " ")
    account = registration.create(SYSTEM, "odile@exemple.fr", {"given_name": "Odile"}).pk
    who: dict[str, str | None] = {"given_name": "Odile", "family_name": "Bressan"}
    staff.create(SYSTEM, here_, Role.TRUSTEE, who, account=account)
    assert "n’a pas encore de clé qui compte" in text(desk.get(TEAM))


def test_a_trustee_is_named_only_once_their_signature_counts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    here_ = house.practice.establishment
    containment.set_solo(oversight.OPERATOR, here_)
    account = registration.create(SYSTEM, "odile@exemple.fr", {"given_name": "Odile"}).pk
    who: dict[str, str | None] = {"given_name": "Odile", "family_name": "Bressan"}
    trustee = staff.create(SYSTEM, here_, Role.TRUSTEE, who, account=account)
    manager = _manager(house)
    assert "72 heures" in second_word.both(manager)
    for key, counts in (
        (_key(trustee, days=1, settled=True), True),
        (_key(trustee, days=1, settled=False), False),
        (_key(trustee, days=1, settled=True, stopped=True), False),
    ):
        monkeypatch.setattr(passkeys, "passkeys", lambda *_args, key=key, **_more: [key])
        assert ("Le tiers de confiance de ce cabinet" in second_word.way(manager).said) is counts


def test_the_second_approval_says_that_the_invited_person_has_not_come_yet(house: House) -> None:
    desk = house.enter()
    invite(desk, role="privacy_officer")
    _member, other = colleague(house, Role.SECURITY_OFFICER)
    _approve_first(house, desk)
    said = _approve_first(house, other)
    assert "n’est pas encore venue" in said
    assert "ses sessions sont finies" not in said
    with here(house):
        assert Invitation.objects.select_related("member").get().member.account_id is None


def test_the_second_approval_for_a_colleague_says_that_their_pages_are_closed(
    house: House,
) -> None:
    secretary, _browser = colleague(house, Role.SECRETARY)
    soon = clock.now() + timedelta(days=7)
    containment.propose_role(_manager(house), secretary.pk, Role.PRIVACY_OFFICER, not_after=soon)
    _member, other = colleague(house, Role.SECURITY_OFFICER)
    _approve_first(house, house.enter())
    said = _approve_first(house, other)
    assert "se reconnecte" in said
    assert "pas encore venue" not in said


def _key(whose: StaffMember, *, days: int, settled: bool, stopped: bool = False) -> Passkey:
    made = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    revoked = made if stopped else None
    settles = made + timedelta(days=days)
    return Passkey(b"n", whose.pk, whose.role, "", made, settles, None, revoked, settled)


def _keys(house: House, monkeypatch: pytest.MonkeyPatch, *known: Passkey) -> str:
    monkeypatch.setattr(passkeys, "passkeys", lambda *_args, **_more: list(known))
    return text(house.enter().get(TEAM)).replace("\u00a0", " ")


def test_the_team_s_page_says_of_keys_what_it_knows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, _browser = colleague(house, Role.SECRETARY)
    with here(house):
        me = StaffMember.objects.get(role="manager")
    page = _keys(house, monkeypatch)
    assert "sans clé professionnelle" in page
    assert "second facteur" not in page  # how else they sign in is not known here
    assert "clés arrêtées, aucune autre" in _keys(
        house, monkeypatch, _key(other, days=1, settled=False, stopped=True)
    )
    new, mine = _key(other, days=1, settled=False), _key(me, days=1, settled=True)
    page = _keys(house, monkeypatch, new, mine)
    assert "nouvelle clé : compte à partir du" in page
    assert 'href="/compte/cle-professionnelle/#collegues"' in page
    # Nobody whose own key does not count is sent to confirm another's; nor for one nobody hastens.
    assert "#collegues" not in _keys(house, monkeypatch, new)
    assert "#collegues" not in _keys(house, monkeypatch, _key(other, days=3, settled=False), mine)


def test_a_house_of_one_reads_that_the_operator_gives_an_access_back(house: House) -> None:
    with here(house):
        me = StaffMember.objects.get(role="manager")
    desk, actor = house.enter(), _manager(house)
    line = f"serment practice back {_slug(house)}"
    assert line in text(desk.get(f"{TEAM}{me.pk}/"))
    lost, _browser = colleague(house, Role.SECRETARY)
    assert line in text(desk.get(f"{TEAM}{lost.pk}/perdu/"))
    # With one colleague more there is a second person: for the secretary, not for the manager.
    colleague(house, Role.PRACTITIONER)
    assert returns.has_second(actor, lost, clock.now())
    assert line not in text(desk.get(f"{TEAM}{lost.pk}/perdu/"))
    assert not returns.has_second(actor, me, clock.now())
    for _ in range(2):
        colleague(house, Role.SECURITY_OFFICER)
    assert returns.has_second(actor, me, clock.now())
    assert line not in text(desk.get(f"{TEAM}{me.pk}/"))
    assert told.lone(actor, me, clock.now()) == {"alone": False}
    assert invitations.of_house(actor) == []


def _ask_for_erasure(house: House) -> tuple[str, str]:
    desk, page = house.enter(), f"/cabinet/patients/{house.files[0]}/effacer"
    return text(desk.get(page)), text(desk.post(page, {"demande": "oui"}, follow=True))


def test_who_asks_for_an_erasure_reads_who_approves_it_in_this_house(db: None) -> None:
    before, after = _ask_for_erasure(make_house())  # a secretary, who is not told which it is
    for said in (before, after):
        assert "Deux responsables doivent l’approuver" in said
        assert "72 heures" in said
    assert "Rien n’est effacé d’ici là" in after
    one = make_house(1, role="practitioner")
    containment.set_solo(oversight.OPERATOR, one.practice.establishment)
    for said in _ask_for_erasure(one):
        assert "72 heures" in said


def test_an_officer_reads_of_the_one_way_of_their_house(house: House) -> None:
    manager = _manager(house)
    assert second_word.both(manager) == "Deux responsables doivent l’approuver."
    containment.set_solo(oversight.OPERATOR, house.practice.establishment)
    assert "puis le tiers de confiance" in second_word.both(manager)
