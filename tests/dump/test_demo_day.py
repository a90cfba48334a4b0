"""A day through the real pages, with planted people; then everything that lies on disk is read.

Left out, each for its reason: ``demo-mail`` stands in for the post, which carries letters in clear
to their readers; ``demo-accounts.json`` holds the demo's own logins; and the root key, without
which a thief has the keeper's files only closed.
"""

from __future__ import annotations

import functools
import http.client
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dump import words
from tests.faults.booker import Booker
from tests.journeys.demo import Demo
from tests.journeys.visitor import EYES_AT_SALLANCHES, PATIENT

pytestmark = pytest.mark.xdist_group("demo")

FROM = "127.77.88.99"
NOTE = "zostérienne récidivante"
FAILED_LOGIN = "hortensia.quillivere@exemple-inconnu.fr"
SEARCHED = "Quenouillard"
NEW = {
    "family_name": "Trégarvanec", "given_name": "Euphrasine", "birth_date": "17/03/1937",
    "phone": "0639981643",
}  # fmt: skip
LISTED = ("Wantzenauer", "Philogone", "23/11/1941", "0639984217", "philogone.w@exemple-inconnu.fr")
SIGNED_UP = {
    "given_name": "Clothilinde", "family_name": "Brunswicker", "birth_date": "08/09/1953",
    "phone": "0639987351", "email": "c.brunswicker@exemple-inconnu.fr",
}  # fmt: skip
PASSWORD = "ombrelle violette sous cinq lunes"
CSV = ("Nom;Prénom;Date de naissance;Téléphone;E-mail\n" + ";".join(LISTED) + "\n").encode()
LEFT_OUT = ("demo-mail", "demo-accounts.json", "root.key")
PLANTED = [
    FROM, NOTE, FAILED_LOGIN, SEARCHED, PASSWORD, *NEW.values(), *LISTED, *SIGNED_UP.values(),
    "1937-03-17", "1941-11-23", "1953-09-08", "+33639981643", "+33639984217", "+33639987351",
]  # fmt: skip


@pytest.fixture(scope="module")
def day(demo: Demo) -> Iterator[list[str]]:
    """What was done, in the order it was done."""
    demo.wait_until_well()
    real = http.client.HTTPConnection
    patched = pytest.MonkeyPatch()
    patched.setattr(
        http.client, "HTTPConnection", functools.partial(real, source_address=(FROM, 0))
    )
    try:
        yield [*_patient(demo), *_desk(demo), *_strangers(demo)]
    finally:
        patched.undo()


def _patient(demo: Demo) -> Iterator[str]:
    patient, over = Booker(demo), threading.Event()
    patient.sign_in_typing(PATIENT)
    for address in patient.slots(EYES_AT_SALLANCHES):
        booked = patient.book(address, NOTE, over)
        if booked:
            assert NOTE in patient.ask(f"/mes-rendez-vous/{booked}/").text
            yield "booked"
            assert patient.cancel(booked, over)
            yield "cancelled"
            return


def _desk(demo: Demo) -> Iterator[str]:
    listed = json.loads((demo.state / "demo-accounts.json").read_text())
    desk = Booker(demo)
    desk.sign_in_typing(next(one["login"] for one in listed if one["role"] == "secretary"))
    assert desk.ask("/cabinet/patients/").status == 200
    assert desk.ask("/cabinet/patients/", {"q": SEARCHED}).status == 200
    yield "searched"
    made = desk.ask("/cabinet/patients/nouveau", NEW)
    assert made.status == 302, made.text[-2000:]
    assert NEW["family_name"] in desk.ask(made.leads_to).text
    yield "filed"
    page = desk.ask("/cabinet/import/", {"quoi": "patients", "texte": ""}).text
    assert page
    form = _import_form(desk)
    done = desk.ask("/cabinet/import/", form | {"confirmer": "oui"})
    assert "1 dossier repris" in done.text.replace("\u00a0", " "), done.text[-3000:]
    yield "imported"


def _import_form(desk: Booker) -> dict[str, str]:
    """Send the file as a browser does; the hidden fields of the form that brings it in."""
    limit = "planted-limit"
    parts = {"csrfmiddlewaretoken": desk.cookies["csrftoken"], "quoi": "patients"}
    body = b"".join(
        f'--{limit}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in parts.items()
    )
    body += (
        f'--{limit}\r\nContent-Disposition: form-data; name="fichier"; filename="p.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode()
    body += CSV + f"\r\n--{limit}--\r\n".encode()
    connection = http.client.HTTPConnection("localhost", desk.demo.port, timeout=10)
    cookies = "; ".join(f"{name}={value}" for name, value in desk.cookies.items())
    headers = {
        "Cookie": cookies, "Accept-Language": "fr", "Referer": desk.demo.base,
        "Content-Type": f"multipart/form-data; boundary={limit}",
    }  # fmt: skip
    connection.request("POST", "/cabinet/import/", body, headers)
    page = connection.getresponse().read().decode()
    connection.close()
    end = page.index('name="confirmer"')
    form = page[page.rindex("<form", 0, end) : end]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def _strangers(demo: Demo) -> Iterator[str]:
    stranger = Booker(demo)
    stranger.ask("/compte/connexion/")
    failed = stranger.ask("/compte/connexion/", {"login": FAILED_LOGIN, "password": PASSWORD})
    assert failed.status == 200
    yield "refused"
    newcomer = Booker(demo)
    newcomer.ask("/compte/inscription/")
    typed = {**SIGNED_UP, "password1": PASSWORD, "conditions": "on", "terms": "on"}
    assert newcomer.ask("/compte/inscription/", typed).status == 302
    yield "signed up"


def lying(demo: Demo, backup: Path) -> Iterator[tuple[str, bytes]]:
    """Every file that a thief of the disk, of a backup or of the logs would have."""
    for root in (demo.state, backup):
        for path in root.rglob("*"):
            if path.is_file() and not any(name in path.parts for name in LEFT_OUT):
                try:
                    yield str(path), path.read_bytes()
                except FileNotFoundError:
                    continue


def found(files: Iterator[tuple[str, bytes]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Files with planted words in them, in any way of writing."""
    needles = {needle for word in PLANTED for needle in words.ways_of_writing(word).values()}
    any_of = re.compile(b"|".join(re.escape(one) for one in needles if len(one) > 5))
    hits = []
    for name, data in files:
        # What came by chance is long odds at six bytes; the exact way is told by ``words``.
        for hit in any_of.finditer(data.lower()):
            around = data[max(0, hit.start() - 60) : hit.end() + 60]
            hits.append((name, words.found(around, PLANTED)))
    return [one for one in hits if one[1]]


def test_a_day_leaves_nobody_on_disk(demo: Demo, day: list[str], tmp_path: Path) -> None:
    assert day == [
        "booked", "cancelled", "searched", "filed", "imported", "refused", "signed up",
    ]  # fmt: skip
    backup = tmp_path / "backup"
    demo.run("-m", "serment.config.command_line", "backup", str(backup))
    files = list(lying(demo, backup))
    for part in ("/keeper/segment.log", "/keeper/store.sqlite", "/base/", "/pg_wal/", "/log",
                 "/ledger/", str(backup)):  # fmt: skip
        assert any(part in name for name, _data in files), part
    assert found(iter(files)) == []


@pytest.mark.parametrize("word", [NOTE, LISTED[0], SIGNED_UP["email"], FROM, "1937-03-17"])
def test_a_word_left_in_clear_would_be_found(word: str) -> None:
    """Negative control: in text, in UTF-16 and in hexadecimal."""
    for data in (word.encode(), word.encode("utf-16-le"), word.encode().hex().encode()):
        assert found(iter([("log", b"before " + data + b" after")]))
