"""The account's pages, under ``/compte/``; names are allauth's, so that its flows find them."""

from allauth.account import views as library
from django.urls import include, path

from serment.identity import desk_pages, invitation_means, invitation_pages, policy, reset, views

_way_in = policy.everybody(policy.SIGNING_IN)
_own_end = policy.everybody("ends one's own session, where there is one")

urlpatterns = [
    path("connexion/", views.sign_in, name="account_login"),
    path("deconnexion/", _own_end(library.logout), name="account_logout"),
    path("inscription/", views.sign_up, name="account_signup"),
    path("inscription/recommencer/", views.start_over, name="account_start_over"),
    path("code/", views.code, name="account_email_verification_sent"),
    path("inactif/", _way_in(library.account_inactive), name="account_inactive"),
    path("mot-de-passe/", views.change_password, name="account_change_password"),
    path("mot-de-passe/oublie/", _way_in(library.password_reset), name="account_reset_password"),
    path(
        "mot-de-passe/oublie/envoye/",
        _way_in(library.password_reset_done),
        name="account_reset_password_done",
    ),
    path(
        "mot-de-passe/nouveau/fait/",
        _way_in(library.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("mot-de-passe/nouveau/", reset.form, name="account_reset_password_form"),
    path("mot-de-passe/nouveau/<str:word>/", reset.link, name="account_reset_password_link"),
    path("carte/", desk_pages.card, name="account_card"),
    path("carte/mot-de-passe/", desk_pages.password, name="account_card_password"),
    path("carte/relier/", desk_pages.link, name="account_card_link"),
    path("", include("serment.identity.staff_passkey_urls")),
    path("invitation/", invitation_pages.page, name="account_invitation"),
    path("invitation/accepter/", invitation_pages.accept, name="account_invitation_accept"),
    path(
        "invitation/application/",
        invitation_means.application,
        name="account_invitation_application",
    ),
    path("invitation/cle/", invitation_means.key, name="account_invitation_key"),
    path("invitation/cle/demande/", invitation_means.key_ask, name="account_invitation_key_ask"),
    path("invitation/cle/faite/", invitation_means.key_made, name="account_invitation_key_made"),
    path("invitation/<str:word>/", invitation_pages.link, name="account_invitation_link"),
    path("par/", include("serment.identity.openid.urls")),
    path("", include("serment.identity.means.urls")),
]
