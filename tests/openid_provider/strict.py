"""What FranceConnect v2, FranceConnect+ and Pro Santé Connect refuse of a request. Pure.

From their documents: docs.partenaires.franceconnect.gouv.fr (endpoints: state and nonce of at
least 32 characters, ``acr_values`` demanded, client secret in the body, logout with
``id_token_hint`` and ``state``) and industriels.esante.gouv.fr (scope ``openid scope_all``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

LETTERS_MIN = 32
SCOPES = frozenset(
    {
        "openid", "given_name", "family_name", "birthdate", "gender", "birthplace",
        "birthcountry", "email", "scope_all",
    }
)  # fmt: skip


class Refusal(Exception):  # noqa: N818
    """An OAuth error code, and why."""

    def __init__(self, error: str, why: str, *, shown: bool = False) -> None:
        super().__init__(why)
        self.error, self.why = error, why
        self.shown = shown
        """To the person, here: who asks is not known well enough to be sent anything."""


@dataclass
class Client:
    """What was registered."""

    id: str
    secret: str
    redirect_uris: set[str] = field(default_factory=set)
    logout_uris: set[str] = field(default_factory=set)
    levels: tuple[str, ...] = ("eidas1",)
    scope: str = ""
    pkce: bool = False


def authorize(asked: dict[str, str], client: Client) -> None:
    """Raises Refusal."""
    if asked.get("client_id") != client.id:
        raise Refusal("invalid_client", "client_id", shown=True)
    if asked.get("redirect_uri") not in client.redirect_uris:
        raise Refusal("invalid_request", "redirect_uri", shown=True)
    if asked.get("response_type") != "code":
        raise Refusal("unsupported_response_type", "response_type")
    for name in ("state", "nonce"):
        text = asked.get(name, "")
        if len(text) < LETTERS_MIN or not (text.isascii() and text.isalnum()):
            raise Refusal("invalid_request", name)
    if asked.get("acr_values") not in client.levels:
        raise Refusal("invalid_request", "acr_values")
    scopes = set(asked.get("scope", "").split())
    if "openid" not in scopes or not scopes <= SCOPES or not set(client.scope.split()) <= scopes:
        raise Refusal("invalid_scope", "scope")
    if asked.get("prompt", "login") not in ("login", "consent", "login consent"):
        raise Refusal("invalid_request", "prompt")
    if client.pkce and (
        asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43
    ):
        raise Refusal("invalid_request", "code_challenge")


def logout(asked: dict[str, str], client: Client) -> None:
    """Raises Refusal."""
    if asked.get("id_token_hint", "").count(".") not in (2, 4):
        raise Refusal("invalid_request", "id_token_hint", shown=True)
    if len(asked.get("state", "")) < LETTERS_MIN:
        raise Refusal("invalid_request", "state", shown=True)
    if asked.get("post_logout_redirect_uri") not in client.logout_uris:
        raise Refusal("invalid_request", "post_logout_redirect_uri", shown=True)
