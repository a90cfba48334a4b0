"""What every door has: asking changes nothing, files bear our names, a way out is on each page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from serment.identity import policy
from serment.identity.models import Account
from tests.attacks.port import Port, Said
from tests.rights import table
from tests.rights.asked import SAMPLES
from tests.rights.ground import Ground

WRITES = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
# A session that is used, and its place in the list of one's own sessions.
OF_THE_SESSION = {"identity_signedinsession", "identity_account"}
# Whoever meets the page of what is not there is counted, by nobody's name (decision 0035).
OF_REFUSALS = {"sightings_sighting"}
OUT = (b'action="/compte/deconnexion/"', b'href="/compte/deconnexion/"')


def _written(told: CaptureQueriesContext) -> set[str]:
    """Tables that were written meanwhile."""
    found = (WRITES.match(str(one["sql"])) for one in told.captured_queries)
    return {one[2] for one in found if one}


def _asked(laid: Ground, port: Port, who: str) -> Iterator[tuple[str, Said, set[str]]]:
    """Each page that lets this person in: its answer to a GET, and the tables it wrote."""
    cookies = {name: one.value for name, one in laid.browser(who).cookies.items()}
    for route in table.every_route():
        door = policy.door_of(route.view)
        sample = SAMPLES.get(route.name)
        if door is None or sample is None or policy.answer(door, who) is not policy.Answer.OPEN:
            continue
        given = {
            key: laid.own[value[1:]] if value[:1] in {"@", "$"} else value
            for key, value in sample.path.items()
        }
        with CaptureQueriesContext(connections["default"]) as told:
            said = port.ask(reverse(route.name, kwargs=given), cookies=cookies)
        counted = OF_REFUSALS if said.status == 404 else set()
        yield f"{who}: {route.name}", said, _written(told) - OF_THE_SESSION - counted


def test_asking_changes_nothing_files_bear_our_names_and_the_way_out_is_there(
    laid: Ground, port: Port
) -> None:
    wrote, without, strange, files = {}, [], [], 0
    for who in ("patient", "secretary", "privacy_officer"):
        for what, said, tables in _asked(laid, port, who):
            if tables:
                wrote[what] = tables
            is_page = said.status == 200 and b"<h1" in said.body and b"</html>" in said.body
            if is_page and not any(way in said.body for way in OUT):
                without.append(what)
            if told := said["content-disposition"]:
                files += 1
                if not re.fullmatch(r'attachment; filename="[\w.-]+"', told):
                    strange.append(told)
    assert (wrote, without, strange) == ({}, [], [])
    assert files > 0
    with CaptureQueriesContext(connections["default"]) as told_of:  # the control: a write is seen
        Account.objects.update(language="fr")
    assert _written(told_of) == {"identity_account"}
