"""What a manager typed on a colleague's page: kept where it cannot be done, never done as more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from serment import clock
from serment.directory import tenancy
from serment.disclosure import containment
from serment.identity import staff
from serment.identity.models import Role, StaffMember
from serment.identity.staff_models import RightsReview
from tests.web_practice.house import House
from tests.web_practice.test_team import _officer, colleague, house

pytestmark = pytest.mark.django_db

__all__ = ["house"]


def works(house: House, member: StaffMember) -> bool:
    with tenancy.inside(tenant=house.practice.establishment):
        found = StaffMember.objects.get(pk=member.pk)
    return found.active and (found.ends_at is None or found.ends_at > clock.now())


def test_a_named_day_left_empty_ends_nothing(house: House) -> None:
    member, _browser = colleague(house, Role.SECRETARY)
    desk, there = house.enter(), f"/cabinet/equipe/{member.pk}/fin/"
    answer = desk.post(there, {"until": ""}, follow=True)
    assert "Dites jusqu’à quand" in answer.content.decode()
    assert works(house, member)
    desk.post(there)  # the control: the other button means this minute
    assert not works(house, member)


def test_a_role_that_lacks_its_last_day_comes_back_as_it_was_chosen(house: House) -> None:
    member, _browser = colleague(house, Role.SECRETARY)
    desk, there = house.enter(), f"/cabinet/equipe/{member.pk}/"
    assert '<option value="secretary" selected' in desk.get(there).content.decode()
    answer = desk.post(f"{there}role", {"role": "substitute", "until": "2020-01-01"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<option value="substitute" selected' in page
    assert 'value="2020-01-01"' in page
    assert "Choisissez un jour à venir" in page


def test_a_role_brings_nobody_back_whose_last_day_has_come(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, _browser = colleague(house, Role.SECRETARY)
    desk, there = house.enter(), f"/cabinet/equipe/{member.pk}/role"
    desk.post(there, {"role": "practitioner"})  # the control: who works here changes role
    member.refresh_from_db()
    assert member.role == "practitioner"
    with tenancy.inside(tenant=house.practice.establishment):
        yesterday = clock.now() - timedelta(days=1)
        StaffMember.objects.filter(pk=member.pk).update(role="trainee", ends_at=yesterday)
    answer = desk.post(there, {"role": "secretary"}, follow=True)
    assert "Cette personne ne travaille plus ici." in answer.content.decode()
    assert not works(house, member)
    monkeypatch.setattr(staff, "_still_here", lambda *_asked: None)  # the guard removed
    desk.post(there, {"role": "secretary"})
    assert works(house, member)


def test_a_last_day_to_come_stays_with_a_role_that_two_approved(
    house: House,
) -> None:
    day = clock.now() + timedelta(days=9)
    member, _browser = colleague(house, Role.SECRETARY, ends_at=day)
    house.enter().post(f"/cabinet/equipe/{member.pk}/role", {"role": "security_officer"})
    officers = [_officer(house) for _ in range(2)]
    (grant,) = [one for one in containment.grants(officers[0]) if one.kind == "role"]
    for one in officers:
        containment.approve_grant(one, grant.digest)
    staff.carry_out_role(officers[0], member.pk, "security_officer")
    member.refresh_from_db()
    assert (member.role, member.ends_at) == ("security_officer", day)


def test_a_review_is_on_record_once_the_access_has_ended(house: House) -> None:
    member, _browser = colleague(house, Role.SECRETARY)
    desk, there = house.enter(), f"/cabinet/equipe/{member.pk}"
    led = desk.post(f"/cabinet/equipe/revue/{member.pk}", {"decision": "end"}, follow=True)
    assert "Rien n’est encore inscrit" in led.content.decode()
    desk.post(f"{there}/fin/", {"until": ""})  # the control: nothing was done
    with tenancy.inside(tenant=house.practice.establishment):
        assert not RightsReview.objects.exists()
    answer = desk.post(f"{there}/fin/", follow=True)
    assert "C’est inscrit" in answer.content.decode()
    assert not works(house, member)
    with tenancy.inside(tenant=house.practice.establishment):
        assert RightsReview.objects.get().decision == "end"
