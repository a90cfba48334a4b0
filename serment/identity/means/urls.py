"""Second factors, passkeys and sessions, under ``/compte/``."""

from django.urls import path

from serment.identity.means import (
    moving_pages,
    passkey_pages,
    rescue,
    second_step,
    security,
    step_up,
)

urlpatterns = [
    path("connexion/suite/", second_step.page, name="account_second_step"),
    path("cle-d-acces/demande/", passkey_pages.ask, name="account_passkey_ask"),
    path("cle-d-acces/entrer/", passkey_pages.enter, name="account_passkey_in"),
    path("cle-d-acces/suite/", passkey_pages.second, name="account_passkey_second"),
    path("cle-d-acces/confirmer/", passkey_pages.confirm, name="account_passkey_confirm"),
    path("cle-d-acces/premiere/", passkey_pages.first, name="account_passkey_first"),
    path(
        "cle-d-acces/premiere/demande/", passkey_pages.ask_first, name="account_passkey_ask_first"
    ),
    path("securite/adresse/", moving_pages.page, name="account_address"),
    path("securite/adresse/retirer/", moving_pages.give_up, name="account_address_give_up"),
    path("adresse/nouvelle/<str:word>/", moving_pages.new, name="account_address_new"),
    path("adresse/arreter/<str:word>/", moving_pages.stop, name="account_address_stop"),
    path("securite/cle/", passkey_pages.add, name="account_passkey_add"),
    path("securite/cle/demande/", passkey_pages.ask_to_add, name="account_passkey_ask_to_add"),
    path("securite/cle/retirer/", passkey_pages.remove, name="account_passkey_remove"),
    path("securite/cle/<str:passkey>/nom/", passkey_pages.rename, name="account_passkey_name"),
    path("secours/", rescue.page, name="account_rescue"),
    path("secours/<str:word>/", rescue.back, name="account_rescue_back"),
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
