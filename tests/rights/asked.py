"""How each route is asked: method, form, query; and whose ids it names.

A value "@visit" is an id of the house or patient asked about, and is varied: the asker's own,
another's, one that never was. A value "$role" is public and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

LET_IN = frozenset({200, 302})


@dataclass(frozen=True, slots=True)
class Sample:
    """One request; ``answers`` are the statuses of whoever is let in with own ids."""

    method: str = "get"
    path: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    answers: frozenset[int] = LET_IN

    @property
    def varied(self) -> set[str]:
        """Names of the ids it varies."""
        values = [*self.path.values(), *self.data.values()]
        return {one[1:] for one in values if one.startswith("@")}

    def ask(self, browser: Any, route: str, own: Mapping[str, str]) -> Any:
        """Send it with these ids."""
        path = {name: _filled(value, own) for name, value in self.path.items()}
        data = {name: _filled(value, own) for name, value in self.data.items()}
        return getattr(browser, self.method)(reverse(route, kwargs=path), data)


def _filled(value: str, own: Mapping[str, str]) -> str:
    return own[value[1:]] if value[:1] in {"@", "$"} else value


def _post(**data: str) -> Sample:
    return Sample("post", data=data)


NO_PROVIDER = {"provider": "aucun"}
VISIT = {"appointment_id": "@visit"}
MINE = {"appointment_id": "@appointment"}
FILE = {"file_id": "@file"}
ASKED = {"questionnaire_id": "@questionnaire"}
PAIR = {"kept": "@file", "gone": "@second_file"}
SITE = {"site_id": "@site"}
RELATIVE = {"relation": "@relative"}
SLUG = {"slug": "$slug"}
MEMBER = {"member_id": "@member"}
INVITATION = {"invitation_id": "@invitation"}

SAMPLES: dict[str, Sample] = {
    "account_start_over": Sample("post"),
    "account_reset_password_link": Sample(path={"word": "a"}, answers=LET_IN | {404}),
    "account_rescue_back": Sample(path={"word": "a"}, answers=LET_IN | {404}),
    "account_passkey_name": Sample(path={"passkey": "a"}, answers=LET_IN | {404}),
    "account_application_remove": Sample("post"),
    "account_codes": Sample("post"),
    "account_session_end": _post(session="a"),
    "openid_unlink": Sample("post", {"identity": "00000000-0000-4000-8000-000000000000"}),
    **{f"openid_{name}": Sample(path=NO_PROVIDER, answers=LET_IN | {404, 405})
       for name in ("start", "again", "link", "return")},
    "set_language": _post(language="en"),
    "help:page": Sample(path={"slug": "se-connecter"}),
    "providers:mail": Sample("post", {"provider": "aucun"}, answers=frozenset({404})),
    "providers:answer": Sample(path={"secret": "a"}, answers=frozenset({404})),
    "providers:texts": Sample(path={"provider": "a", "token": "a"}, answers=frozenset({404})),
    "providers:text": Sample(
        path={"provider": "a", "reference": "a", "token": "a"}, answers=frozenset({404})
    ),
    "demo:enter": Sample("post", data={"login": "inconnue@example.fr"}, answers=frozenset({404})),
    "practice:open_names": _post(agenda="@role", jour="2030-01-01", quoi="noms"),
    "practice:open_reasons": _post(agenda="@role", jour="2030-01-01"),
    "practice:discretion": _post(initiales="1"),
    "practice:open": Sample("post", VISIT),
    "practice:mark": Sample("post", VISIT, {"etat": "arrive"}),
    "practice:board_show": _post(quoi="fermer"),
    "practice:call_add": Sample(path=FILE),
    "practice:lift_limit": Sample("post", FILE, {"pourquoi": "un mot"}),
    "practice:call_visit": Sample("post", VISIT),
    "practice:note": Sample(path=VISIT),
    "practice:answers": Sample(path=VISIT),
    "practice:answer_for": Sample(path=VISIT),
    "practice:paper_form": Sample(path=VISIT),
    "practice:questionnaire": Sample(path=ASKED),
    "practice:question": Sample(path=ASKED),
    "practice:questionnaire_preview": Sample(path=ASKED),
    "practice:board_next": _post(agenda="@role"),
    "practice:cancel": Sample("post", VISIT),
    "practice:put_back": Sample("post", VISIT),
    "practice:card": Sample(path=VISIT),
    "practice:series": Sample(path=VISIT),
    "practice:find": _post(q="Roux"),
    "practice:patient": Sample(path=FILE),
    "practice:change_patient": Sample(path=FILE),
    "practice:duplicates": Sample(path=FILE),
    "practice:desk_code": Sample(path=FILE),
    "practice:reach": Sample(path=FILE),
    "practice:desk_code_withdraw": Sample("post", FILE),
    "practice:watch_identity": Sample("post", FILE, {"doute": "oui"}),
    "practice:compare": Sample(path=PAIR),
    "practice:merge": Sample(path=PAIR),
    "practice:part": Sample(path=PAIR),
    "practice:tell_apart": Sample("post", PAIR),
    "practice:lock": Sample("post"),
    "practice:reopen": Sample("post"),
    "practice:book": Sample(data={"patient": "@file"}),
    "practice:book_two": Sample(
        data={"agenda": "$role", "motif": "$reason", "heure": "2030-01-01T09:00:00+01:00",
              "premier": "@file"}
    ),
    "calendar_feed": Sample(path={"token": "a"}, answers=frozenset({404})),
    "practice:calendar_feed": Sample(
        "post", data={"agenda": "@role", "quoi": "finir"}, answers=LET_IN | {404}
    ),
    "practice:calendar_connect": Sample(
        "post", data={"agenda": "@role", "adresse": "http://a"}, answers=frozenset({404, 422})
    ),
    "practice:calendar_disconnect": Sample("post", answers=frozenset({404})),
    "practice:calendar_settle": Sample("post", answers=frozenset({404})),
    "practice:hours_remove": Sample("post", answers=frozenset({404})),
    "practice:absence_remove": Sample("post", answers=frozenset({404})),
    "practice:sessions_change": Sample("post", answers=frozenset({422})),
    "practice:reason_rules": Sample(path={"reason_id": "$reason"}),
    "practice:reason_new": Sample(data={"agenda": "@role"}),
    "practice:site": Sample(path=SITE),
    "practice:entry": Sample(path={"role_id": "@role"}),
    "practice:letters_names": _post(),
    "practice:letters_sheets": _post(lettre="@letter"),
    "practice:letters_sent": _post(lettre="@letter"),
    "practice:letters_put_back": _post(),
    "practice:continuity_sheet": Sample(path=SITE),
    "practice:continuity_demo_key": Sample(path=SITE),
    "account_invitation": Sample(answers=frozenset({404})),
    "account_invitation_link": Sample(path={"word": "a"}),
    "account_invitation_accept": Sample("post"),
    "account_invitation_key": Sample(answers=LET_IN | {404}),
    "account_invitation_key_ask": Sample("post", answers=LET_IN | {404}),
    "account_invitation_key_made": Sample("post", answers=LET_IN | {404}),
    "account_address_give_up": Sample("post"),
    "account_address_new": Sample(path={"word": "a"}, answers=frozenset({404})),
    "account_address_stop": Sample(path={"word": "a"}, answers=frozenset({404})),
    "account_first_key": Sample(answers=LET_IN | {404}),
    "account_first_key_ask": Sample("post", answers=LET_IN | {404}),
    "account_first_key_made": Sample("post", answers=LET_IN | {404}),
    "practice:team_again": Sample("post", INVITATION),
    "practice:team_withdraw": Sample("post", INVITATION),
    "practice:team_give_role": _post(invitation="@invitation"),
    "practice:team_ask": Sample("post", data={"act": "role"}, answers=frozenset({409})),
    "practice:team_decide": Sample("post", MEMBER, {"decision": "keep"}),
    "practice:team_confirm": Sample("post", {"asked_id": "@back"}, {"quoi": "refuser"}),
    "practice:team_member": Sample(path=MEMBER),
    "practice:team_role": Sample("post", MEMBER, {"role": "secretary"}),
    "practice:team_end": Sample(path=MEMBER),
    "practice:team_hours": Sample(path=MEMBER, answers=frozenset({404})),
    "practice:team_reopen": Sample("post", MEMBER),
    "practice:team_lost": Sample(path=MEMBER),
    "practice:team_stop_key": Sample("post", MEMBER, {"key": "00"}, frozenset({404})),
    "practice:team_stop_sessions": Sample("post", MEMBER),
    "practice:team_ask_back": Sample("post", MEMBER, answers=frozenset({404})),
    "freeze": Sample("post", answers=frozenset({400})),
    "lift_freeze": Sample("post"),
    "propose_raise": Sample("post", answers=frozenset({400})),
    "approve_grant": Sample("post"),
    "trustee_ask": Sample("post", answers=frozenset({409})),
    "trustee_answer": Sample("post", answers=frozenset({400})),
    "stop_grant": Sample("post", answers=frozenset({404})),
    "erase_granted": Sample("post"),
    "officer_ask": Sample("post", answers=frozenset({409})),
    "judge_glass": Sample("post", answers=frozenset({404})),
    "practice:break_glass": Sample(path=FILE),
    "practice:justify": Sample("post", answers=frozenset({404})),
    "practice:erase_patient": Sample(path=FILE),
    "practice:waiting": Sample(answers=frozenset({200, 404})),
    "practice:stop_waiting": Sample("post", answers=frozenset({404})),
    "receipt_by_number": Sample(data={"ligne": "@line"}, answers=frozenset({200, 503})),
    "practice:relatives": Sample(path=FILE),
    "practice:keep": Sample("post", VISIT),
    "practice:shift": _post(visite="@visit", agenda="@role", vers="2030-01-01T10:00"),
    "practice:unshift": Sample("post", answers=frozenset({404})),
    "practice:direct": Sample(answers=frozenset({204})),
    "patient:relative_book": Sample("post", RELATIVE),
    "patient:relative_end": Sample(path=RELATIVE),
    "patient:relative_opened": Sample(path=RELATIVE),
    "patient:relative_name": _post(nom="Roux"),
    "patient:relative_accept": Sample(path={"word": "a"}, answers=frozenset({410})),
    "patient:practitioner": Sample(path=SLUG),
    "patient:why_not": Sample(path=SLUG),
    "patient:book": Sample(path={"role_id": "$role"}),
    "patient:keep": Sample(
        "post", {"role_id": "$role"}, {"motif": "$reason", "heure": "2030-01-01T09:00:00+01:00"}
    ),
    "patient:book_two": Sample(
        path={"role_id": "$role"},
        data={"motif": "$reason", "heure": "2030-01-01T09:00:00+01:00"},
        answers=LET_IN | {404},
    ),
    "patient:keep_two": Sample(
        "post",
        {"role_id": "$role"},
        {"motif": "$reason", "heure": "2030-01-01T09:00:00+01:00", "avec": "$role",
         "motif2": "$reason", "ensuite": "2030-01-01T09:30:00+01:00"},
    ),
    "patient:appointment": Sample(path=MINE),
    "patient:cancel": Sample("post", MINE),
    "patient:contest": Sample("post", MINE),
    "patient:ics": Sample(path=MINE),
    "patient:questions": Sample(path=MINE),
    "patient:move": Sample(path=MINE),
    "patient:wait": Sample(path={"role_id": "$role"}, data={"plus-tot": "@appointment"}),
    "patient:wait_answer": Sample("post", {"wish_id": "@appointment"}, answers=frozenset({404})),
    "practice:waiting_add": Sample(path=FILE),
    "practice:invite": Sample(path=FILE),
    "practice:invitation_code": Sample(
        path={"invitation": "$role"}, answers=frozenset({404})
    ),
    "practice:invitation_withdraw": Sample(
        "post", {"invitation": "$role"}, answers=frozenset({404})
    ),
    "providers:invitation": Sample(path={"secret": "a"}, answers=frozenset({404})),
    "patient:receipt": Sample(path={"seq": "@seq"}, answers=frozenset({200, 503})),
}  # fmt: skip
"""A route that is not here is asked for with GET and nothing else (``UNKNOWN``)."""

UNKNOWN = Sample(answers=LET_IN | {405})
"""Whoever may only post is told so by 405, behind the door."""
