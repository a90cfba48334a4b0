"""What attackers type: values, files, headers, addresses; and what a page's forms ask for."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example",
    "https:evil.example", "javascript:alert(1)", "/\t/evil.example/", "http:///evil.example/",
    "/%09//evil.example", "https://localhost:8000@evil.example/",
    "https://localhost:8000.evil.example",
    " https://evil.example", "\x00https://evil.example",
    "/redirect\r\nLocation: https://evil.example",
)  # fmt: skip
VALUES = (
    "", " ", "\x00", "a\x00b", "\x1b[31m", "\r\nX-Evil: 1", "é" * 300, "x" * 20_000, "\ud800",
    "\u202eabc", "\u2028", "🩺" * 50, "ﷺ" * 200, "-1", "0", "²", "1e309", "NaN", "Infinity",
    "9" * 400,
    "2147483648", "9223372036854775808", "-9223372036854775809", "0x10", "1_000", "１２", "true",
    "0000-00-00", "9999-12-31", "0001-01-01", "2026-02-30", "99999999999-01-01", "2026-11-22T25:61",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2030-01-01T09:00:00+99:99", "24:00",
    "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-00000000000G}",
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "urn:uuid:12345678123456781234567812345678",
    "' OR 1=1 --", "\"; DROP TABLE x; --", "%s%n%x", "{{7*7}}", "${7*7}", "{% debug %}", "<%= 7 %>",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)",
    "../../../../etc/passwd", "..%2f..%2fetc/passwd", "file:///etc/passwd", "C:\\boot.ini",
    "=1+1", "+1", "@SUM(1)", "-2+3", "[]", "{}", '{"a":{"b":[1,2,3]}}', "null", "undefined",
    "a@b", "a@b.example\r\nBcc: c@d.example", "a" * 65 + "@exemple.fr", "é@exemple.fr", "@",
    "a@[127.0.0.1]",
    "+33612345678", "06 12 34 56 78", "0" * 50, "+" * 20, "00", "112", "Roux", "specialty:x", ":",
    "::",
    "practitioner:../x", "a:b:c", "fr", "zz", "Europe/Paris", "../../etc/localtime",
    "Indian/Reunion",
    *ELSEWHERE,
)  # fmt: skip
FILES = (
    (b"", "vide.csv", "text/csv"),
    (b"\x00" * 2_000, "a.csv", "text/csv"),
    (b"nom;prenom\r\n=1+1;@x\r\n", "../../etc/x.csv", "application/x-msdownload"),
    (b"PK\x03\x04" + b"\x00" * 60, "bombe.xlsx", "text/csv"),
    (b"\xff\xfe" + "nom;prénom\n".encode("utf-16-le"), "a\r\nX: 1.csv", "text/html"),
    (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 500, "a.ics", "text/calendar"),
    (b'nom;"' + b"x" * 300_000, "\x00.csv", "image/png"),
    (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART:99999999T999999Z\r\nRRULE:FREQ=SECONDLY"
     b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "b.ics", "text/calendar"),
)  # fmt: skip
COOKIES = (
    {"sessionid": "x" * 5000}, {"sessionid": "\xff"}, {"langue": "../../x"},
    {"fuseau": "../../etc"},
    {"serment_device": "\x7f"}, {"csrftoken": "x"}, {"messages": "W10:1:x"}, {"sessionid": "é;a=b"},
)  # fmt: skip
HEADERS: tuple[dict[str, bytes], ...] = (
    {"accept_language": b"x" * 9000}, {"accept_language": b"fr;q=NaN,\xff"},
    {"range": b"bytes=9-1"},
    {"hx_request": b"true", "hx_current_url": b"https://evil.example/\xff", "hx_target": b"<x>"},
    {"if_none_match": b"\"\xff\""}, {"if_modified_since": b"Xyz, 99 Foo 9999"}, {"accept": b"\xff"},
    {"x_http_method_override": b"DELETE"}, {"content_type": b"text/plain; charset=utf-99"},
    {"referer": b"https://evil.example/\xff"}, {"origin": b"null"}, {"x_forwarded_for": b"\xff"},
    {"content_type": b"multipart/form-data"},
    {"content_type": b"multipart/form-data; boundary=\xff"},
    {"content_encoding": b"gzip"}, {"content_length": b"5"}, {"expect": b"100-continue"},
)  # fmt: skip
_READ = re.compile(r"""(?:\.get(?:list)?\(|\bsent\[|request, |\bgiven\[)"(\w{1,40})\"""")


def names_read(view: Callable[..., Any], always: tuple[str, ...] = ("next",)) -> list[str]:
    """Names that a view's module looks for in an address or a form."""
    inner: Any = inspect.unwrap(getattr(view, "view_class", view))
    module = sys.modules.get(inner.__module__)
    if module is None or not inner.__module__.startswith("serment"):
        return ["next", "login", "password", "email"]
    return sorted({*_READ.findall(inspect.getsource(module)), *always})


@dataclass(slots=True)
class Form:
    """A form as a page shows it: fields with what stands in them."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    """Names of fields of plain text, whose content has to come back."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(self._form)
        name = given.get("name", "")
        if self._form is None or not name or "disabled" in given:
            return
        kind = given.get("type", "text")
        if tag == "textarea":
            self._area = name
            self._form.fields[name] = ""
        elif tag in {"input", "select"} and (
            kind not in {"radio", "checkbox"} or "checked" in given
        ):
            self._form.fields[name] = given.get("value", "")
        is_text = tag == "textarea" or (tag == "input" and kind in {"text", "email", "search"})
        if is_text and "hidden" not in given and given.get("autocomplete") != "one-time-code":
            self._form.typed.add(name)

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea":
            self._area = ""


def forms(page: bytes) -> list[Form]:
    """Those of a page that are posted."""
    reading = _Forms()
    reading.feed(page.decode(errors="replace"))
    return [one for one in reading.found if one.method == "post"]


def encoded(fields: dict[str, str]) -> bytes:
    """As a browser posts them; half a surrogate too."""
    return urlencode(fields, errors="surrogatepass", encoding="utf-8").encode()


def query(fields: dict[str, str]) -> str:
    """As an address asks them, short enough for one."""
    cut = {name: value[:1_000] for name, value in fields.items()}
    return urlencode(cut, errors="surrogatepass", encoding="utf-8", quote_via=quote)


def multipart(
    fields: dict[str, str], files: dict[str, tuple[bytes, str, str]]
) -> tuple[bytes, bytes]:
    """Body and content type, names as hostile as they are."""
    body = b""
    for name, value in fields.items():
        body += b'--B\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n'
        body += value.encode(errors="surrogatepass") + b"\r\n"
    for name, (data, called, kind) in files.items():
        told = f'form-data; name="{name}"; filename="{called}"'
        body += f"--B\r\nContent-Disposition: {told}\r\nContent-Type: {kind}\r\n\r\n".encode()
        body += data + b"\r\n"
    return body + b"--B--\r\n", b"multipart/form-data; boundary=B"


def some(random: Random, names: list[str], sane: dict[str, str]) -> dict[str, str]:
    """A form half as it should be: a few fields hostile, or all of them."""
    chosen = dict(sane)
    wanted = list(dict.fromkeys([*names, *sane]))
    few = random.sample(wanted, min(len(wanted), random.choice((1, 2, 3, len(wanted)))))
    return chosen | {name: random.choice(VALUES) for name in few if name != "csrfmiddlewaretoken"}


def paths(random: Random, address: str) -> Iterator[str]:
    """The address with something else where an id or word stands."""
    parts = address.split("/")
    at = random.randrange(1, len(parts)) if len(parts) > 1 else 0
    for value in (
        "%00",
        "..%2f..%2fetc%2fpasswd",
        "%ff%fe",
        "x" * 3_000,
        "%C2%B2",
        "-1",
        "%0d%0aX-Evil:1",
    ):
        changed = list(parts)
        changed[at] = value
        yield "/".join(changed)
