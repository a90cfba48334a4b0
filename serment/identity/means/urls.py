"""Second factors, passkeys and sessions, under ``/compte/``."""

from django.urls import path

from serment.identity.means import second_step, security, step_up

urlpatterns = [
    path("connexion/suite/", second_step.page, name="account_second_step"),
    path("confirmer/", step_up.page, name="account_reauthenticate"),
    path("securite/", security.page, name="account_security"),
    path("securite/application/", security.application, name="account_application"),
    path(
        "securite/application/retirer/",
        security.remove_application,
        name="account_application_remove",
    ),
    path("securite/codes/", security.new_codes, name="account_codes"),
    path("securite/session/", security.end_session, name="account_session_end"),
]
