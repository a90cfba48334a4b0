"""The team's addresses, under ``/cabinet/equipe/``; none holds a name."""

from django.urls import path

from serment.web.practice.staffing import changing, devices, hours, inviting, listing, reviewing

urlpatterns = [
    path("", listing.team, name="team"),
    path("inviter/", inviting.invite, name="team_invite"),
    path("invitation/<uuid:invitation_id>/renvoyer", inviting.again, name="team_again"),
    path("invitation/<uuid:invitation_id>/retirer", inviting.withdraw, name="team_withdraw"),
    path("invitation/role", listing.give_role, name="team_give_role"),
    path("signer", changing.ask, name="team_ask"),
    path("revue/", reviewing.page, name="team_review"),
    path("revue.csv", reviewing.as_csv, name="team_review_csv"),
    path("revue/<uuid:member_id>", reviewing.decide, name="team_decide"),
    path("rendre/", devices.waiting, name="team_back"),
    path("rendre/<uuid:asked_id>", devices.confirm, name="team_confirm"),
    path("<uuid:member_id>/", changing.member, name="team_member"),
    path("<uuid:member_id>/role", reviewing.once_done(changing.role), name="team_role"),
    path("<uuid:member_id>/fin/", reviewing.once_done(changing.end), name="team_end"),
    path("<uuid:member_id>/horaires/", hours.end, name="team_hours"),
    path("<uuid:member_id>/rouvrir", listing.reopen, name="team_reopen"),
    path("<uuid:member_id>/perdu/", devices.lost, name="team_lost"),
    path("<uuid:member_id>/perdu/cle", devices.stop_key, name="team_stop_key"),
    path("<uuid:member_id>/perdu/pages", devices.stop_sessions, name="team_stop_sessions"),
    path("<uuid:member_id>/perdu/rendre", devices.ask_back, name="team_ask_back"),
]
