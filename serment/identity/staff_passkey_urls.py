"""Professional keys, under ``/compte/``."""

from django.urls import path

from serment.identity import first_key, staff_passkeys

urlpatterns = [
    path("cle-professionnelle/premiere/", first_key.page, name="account_first_key"),
    path("cle-professionnelle/premiere/demande/", first_key.ask, name="account_first_key_ask"),
    path("cle-professionnelle/premiere/faite/", first_key.made, name="account_first_key_made"),
    path("cle-professionnelle/", staff_passkeys.page, name="account_staff_passkeys"),
    path("cle-professionnelle/demande/", staff_passkeys.ask, name="account_staff_passkey_ask"),
    path("cle-professionnelle/faire/", staff_passkeys.do, name="account_staff_passkey_do"),
    path(
        "cle-professionnelle/arreter/", staff_passkeys.revoke, name="account_staff_passkey_revoke"
    ),
    path(
        "connexion/cle/demande/",
        staff_passkeys.ask_to_sign_in,
        name="account_staff_passkey_in_ask",
    ),
    path("connexion/cle/", staff_passkeys.sign_in, name="account_staff_passkey_in"),
]
