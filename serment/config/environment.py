"""The one reader of environment variables: everything else receives values."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from serment.errors import SettingWrong

ROOT = Path(__file__).resolve().parents[2]
RUN_FOLDER_BYTES_MAX = 85
ADDRESS = "public-url"
"""In the run folder: where the instance that runs here, or ran last, is reached."""
MAIL_LINES_MAX = 20
"""Half of what a batch has under way: more would wait for each other."""
TRIAL = "trial"
"""Marks the state folder of a copy that was restored to try a backup."""

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

OPENID_PROVIDERS = ("franceconnect", "franceconnect-plus", "pro-sante-connect")


@dataclass(frozen=True, slots=True)
class OpenidSetting:
    """What registering with one provider gave: none without all three of the first."""

    slug: str
    place: str
    """``sandbox``, ``production``, or the address of an issuer."""
    client_id: str
    secret_file: Path
    key_file: Path | None


@dataclass(frozen=True, slots=True)
class ProviderSetting:
    """A provider of SMS or of mail: which, and the file with what it gave (JSON)."""

    provider: str
    secret_file: Path
    sender: str = ""
    url: str = ""
    """Instead of the provider's own address: a stand-in of it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the machine tells Serment.

    ``state`` holds PostgreSQL, the keeper's store and the sockets: one folder per clone and user,
    so that root and an ordinary user never meet in the same files.
    """

    state: Path
    port: int
    host: str
    listen: str
    proxies: tuple[str, ...]
    """Addresses of those who end TLS for this port and say for whom they ask."""
    plain_http: bool
    """The operator said that patients may be served in clear over a network."""
    demo: bool
    debug: bool
    database_url: str | None
    database_name: str
    database_role: str
    secret_key_file: Path
    keeper_socket: Path
    public_url: str
    security_contact: str
    smtp_url: str | None
    mail_from: str | None
    mail_neutral_from: str | None
    sms: ProviderSetting | None = None
    """None by default: no SMS leaves (docs/operate/providers.md)."""
    mail_provider: ProviderSetting | None = None
    """Mail goes by plain SMTP where there is none."""
    mail_lines: int = 3
    """To the mail server or provider at once, of each round; some allow no more."""
    keeper_keys: Path | None = None
    credentials: Path | None = None
    key_backup: Path | None = None
    epoch_days: float = 7
    backup_days: float = 30
    record_days: float = 1_095
    witness_policy: Path | None = None
    timestamp_url: str | None = None
    """A time-stamping authority (RFC 3161), asked by the worker; none by default."""
    timestamp_ca: Path | None = None
    """The root certificate its answers chain to, read by the keeper."""
    openid: tuple[OpenidSetting, ...] = ()
    """Providers of sign-in; none by default (docs/operate/openid.md)."""
    calendars_inside: bool = False
    """Calendars of practitioners may lie in this house's own network, and in clear."""
    trial: bool = False
    """A restored copy beside a living instance: keys of its own, no key backup, no mail."""

    @property
    def ledger_public(self) -> Path:
        """What the keeper makes public: commitments and signed checkpoints."""
        return self.state / "ledger" / "public"

    @property
    def ledger_site(self) -> Path:
        """The published ledger as it is served: tiles and the announced checkpoint."""
        return self.state / "ledger" / "site"

    @property
    def keys(self) -> Path:
        """The folder of the keeper's vault, and of its root key where that is a file."""
        return self.keeper_keys or self.state / "keeper"

    @property
    def run(self) -> Path:
        """Where every socket of this state lies."""
        return run_folder(self.state)

    @property
    def database_socket_folder(self) -> Path:
        """Where the embedded PostgreSQL listens."""
        return self.run


def state_folder() -> Path:
    """``SERMENT_STATE``, or ``.state/<uid>`` inside the clone."""
    given = os.environ.get("SERMENT_STATE")
    return Path(given) if given else ROOT / ".state" / str(os.getuid())


def run_folder(state: Path) -> Path:
    """The folder of the sockets: ``run`` in the state, or a short one where that path is long.

    A Unix socket's path holds at most 107 bytes (unix(7)), and PostgreSQL adds a file name of 15.
    """
    inside = state / "run"
    if len(os.fsencode(inside)) <= RUN_FOLDER_BYTES_MAX:
        return inside
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR") or ""
    if runtime and len(runtime) < 60 and os.access(runtime, os.W_OK):
        return Path(runtime) / f"serment-{name}"
    return Path(tempfile.gettempdir()) / f"serment-{os.getuid()}-{name}"


def _public_url(state: Path, port: int) -> str:
    """As the operator set it; a command beside a running instance uses that one's own address."""
    said = os.environ.get("SERMENT_PUBLIC_URL")
    if said is not None or os.environ.get("PORT"):
        return said if said is not None else f"http://localhost:{port}"
    try:
        return (run_folder(state) / ADDRESS).read_text(encoding="utf-8").strip()
    except OSError:
        return f"http://localhost:{port}"


def _port(text: str) -> int:
    """A TCP port. Raises SettingWrong."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise SettingWrong("PORT must be a number from 1 to 65535.")
    return int(text)


def _folder(name: str) -> Path | None:
    given = os.environ.get(name)
    return Path(given).absolute() if given else None


def _days(name: str, usual: float) -> float:
    """A number of days. Raises SettingWrong."""
    given = os.environ.get(name)
    if not given:
        return usual
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 36_600:
        raise SettingWrong(f"{name} must be a whole number of days, at least 1.")
    return float(given)


def _mail_lines() -> int:
    """Raises SettingWrong."""
    given = os.environ.get("SERMENT_MAIL_LINES") or "3"
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= MAIL_LINES_MAX):
        raise SettingWrong(f"SERMENT_MAIL_LINES must be a number from 1 to {MAIL_LINES_MAX}.")
    return int(given)


def _proxies() -> tuple[str, ...]:
    """``1`` is a proxy on this very machine; else addresses, with commas. Raises SettingWrong."""
    given = os.environ.get("SERMENT_BEHIND_PROXY", "").strip()
    if given in ("", "0"):
        return ()
    if given == "1":
        return ("127.0.0.0/8", "::1/128")
    found = tuple(one.strip() for one in given.split(","))
    try:
        for one in found:
            ipaddress.ip_network(one, strict=False)
    except ValueError:
        raise SettingWrong(
            "SERMENT_BEHIND_PROXY must be 1 (a proxy on this machine) or the proxy's addresses,"
            " with commas between them."
        ) from None
    return found


def _openid() -> tuple[OpenidSetting, ...]:
    """Providers that are set. Raises SettingWrong for one set by halves."""
    found = []
    for slug in OPENID_PROVIDERS:
        name = "SERMENT_" + slug.upper().replace("-", "_")
        place = os.environ.get(name)
        if not place:
            continue
        client_id, secret = os.environ.get(f"{name}_CLIENT_ID"), _folder(f"{name}_SECRET_FILE")
        if not client_id or secret is None:
            raise SettingWrong(f"{name} needs {name}_CLIENT_ID and {name}_SECRET_FILE.")
        found.append(OpenidSetting(slug, place, client_id, secret, _folder(f"{name}_KEY_FILE")))
    return tuple(found)


def _provider(name: str) -> ProviderSetting | None:
    """A provider that is set. Raises SettingWrong for one set by halves."""
    chosen = os.environ.get(name if name == "SERMENT_SMS" else f"{name}_PROVIDER")
    if not chosen:
        return None
    secret = _folder(f"{name}_SECRET_FILE")
    if secret is None:
        raise SettingWrong(f"{name}_SECRET_FILE is missing: the file with what {chosen} gave.")
    sender, url = (os.environ.get(f"{name}_{one}", "") for one in ("SENDER", "URL"))
    return ProviderSetting(chosen, secret, sender, url)


def read() -> Environment:
    """Read the environment once."""
    state = state_folder().absolute()
    trial = (state / TRIAL).exists()
    port = _port(os.environ.get("PORT") or "8000")
    return Environment(
        state=state,
        port=port,
        host=os.environ.get("SERMENT_HOST", "localhost"),
        listen=os.environ.get("SERMENT_LISTEN", "127.0.0.1"),
        proxies=_proxies(),
        plain_http=os.environ.get("SERMENT_PLAIN_HTTP") == "1",
        demo=os.environ.get("SERMENT_DEMO") == "1",
        debug=os.environ.get("SERMENT_DEBUG") == "1",
        database_url=os.environ.get("SERMENT_DATABASE_URL") or None,
        database_name=os.environ.get("SERMENT_DATABASE_NAME", "serment"),
        database_role=os.environ.get("SERMENT_DATABASE_ROLE", "serment_web"),
        secret_key_file=Path(os.environ.get("SERMENT_SECRET_KEY_FILE", state / "secret-key")),
        keeper_socket=Path(
            os.environ.get("SERMENT_KEEPER_SOCKET", run_folder(state) / "keeper.sock")
        ),
        public_url=_public_url(state, port),
        security_contact=os.environ.get("SERMENT_SECURITY_CONTACT", "mailto:security@localhost"),
        smtp_url=None if trial else os.environ.get("SERMENT_SMTP_URL") or None,
        mail_from=os.environ.get("SERMENT_MAIL_FROM") or None,
        mail_neutral_from=os.environ.get("SERMENT_MAIL_NEUTRAL_FROM") or None,
        sms=None if trial else _provider("SERMENT_SMS"),
        mail_provider=None if trial else _provider("SERMENT_MAIL"),
        mail_lines=_mail_lines(),
        keeper_keys=None if trial else _folder("SERMENT_KEEPER_KEYS"),
        credentials=_folder("CREDENTIALS_DIRECTORY"),
        key_backup=None if trial else _folder("SERMENT_KEY_BACKUP"),
        epoch_days=_days("SERMENT_EPOCH_DAYS", 7),
        backup_days=_days("SERMENT_BACKUP_DAYS", 30),
        record_days=_days("SERMENT_RECORD_DAYS", 1_095),
        witness_policy=None if trial else _folder("SERMENT_WITNESS_POLICY"),
        timestamp_url=None if trial else os.environ.get("SERMENT_TIMESTAMP_URL") or None,
        timestamp_ca=None if trial else _folder("SERMENT_TIMESTAMP_CA"),
        openid=() if trial else _openid(),
        calendars_inside=os.environ.get("SERMENT_CALENDARS_INSIDE") == "1",
        trial=trial,
    )
