"""A patient finds a time, books it, cancels it and reads who opened their data."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.journeys.visitor import EYES_AT_SALLANCHES, PATIENT, RELATIVE, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]
NOTE = "Je viens avec ma mère, qui entend mal."


@pytest.mark.parametrize(
    ("width", "language"), [(390, "fr"), (390, "en"), (1440, "fr"), (1440, "en")]
)
def test_books_cancels_and_reads_who_opened(
    visitor: Callable[..., Visitor], width: int, language: str
) -> None:
    patient = visitor(width, language)
    page = patient.page
    patient.sign_in(PATIENT)
    patient.go("/")
    patient.complete(
        "#quoi_texte", patient.says("ophtalmologue")[:6], patient.says("Ophtalmologue")
    )
    patient.complete("#ou_texte", "sallan", "Sallanches")
    patient.press("Rechercher")
    expect(page.locator(".result").first).to_be_visible()
    page.locator("a.slot:visible").last.click()
    expect(page).to_have_url(re.compile("/reserver/"))
    time_of_visit = page.locator("h1").inner_text()
    patient.answer(note=NOTE)
    patient.press("Confirmer le rendez-vous")
    expect(page.get_by_role("status")).to_contain_text(patient.says("C’est réservé."))
    expect(page.locator("main")).to_contain_text(NOTE)
    patient.go("/mes-rendez-vous/")
    mine = page.locator(".appt:not(.appt-past)").filter(has_text=time_of_visit)
    expect(mine).to_have_count(1)
    mine.locator("h2 a").click()
    page.get_by_role("link", name=patient.says("Annuler ce rendez-vous")).click()
    patient.press("Annuler le rendez-vous")
    expect(page.get_by_role("status")).to_contain_text(patient.says("C’est annulé."))
    page.locator("main").get_by_role("link", name=patient.says("Qui a ouvert mes données")).click()
    expect(page.locator("h1")).to_have_text(patient.says("Qui a ouvert mes données"))
    expect(page.locator(".opened").filter(has_text="Nadia Kerviel").first).to_be_visible()


def test_a_time_taken_meanwhile_costs_nothing_that_was_typed(
    visitor: Callable[..., Visitor],
) -> None:
    slow, quick = visitor(), visitor(1440)
    slow.sign_in(PATIENT)
    slow.go(EYES_AT_SALLANCHES)
    wanted, other = slow.slots()[:2]
    slow.go(wanted)
    expect(slow.page.locator("#kept")).to_contain_text("retenu pour vous")
    slow.answer(note=NOTE)
    # A second tab on another time: the first is no longer kept.
    second = slow.page.context.new_page()
    second.goto(slow.demo.base + other)
    expect(second.locator("#kept")).to_contain_text("avant ne l’est plus")
    expect(slow.page.locator("#kept")).to_contain_text("vous en avez ouvert un autre")
    quick.sign_in(RELATIVE)
    quick.go(wanted)
    quick.answer()
    quick.press("Confirmer le rendez-vous")
    expect(quick.page.get_by_role("status")).to_contain_text("C’est réservé.")

    slow.press("Confirmer le rendez-vous")
    expect(slow.page.get_by_role("alert")).to_contain_text(
        re.compile("Ce créneau vient d.être pris")
    )
    expect(slow.page.locator("#mot")).to_have_value(NOTE)
    slow.look()
    nearest = slow.page.get_by_role("alert").get_by_role("button")
    assert nearest.count() >= 1
    nearest.first.click()
    expect(slow.page.locator("#kept")).to_contain_text("retenu pour vous")
    expect(slow.page.locator("#mot")).to_have_value(NOTE)
    slow.look()
    slow.press("Confirmer le rendez-vous")
    expect(slow.page.get_by_role("status")).to_contain_text("C’est réservé.")
    expect(slow.page.locator("main")).to_contain_text(NOTE)


def test_a_time_taken_between_two_pages_is_said_without_losing_the_form(
    visitor: Callable[..., Visitor],
) -> None:
    """The page was shown while the slot was free; another took it before the page asked for it."""
    slow, quick = visitor(), visitor(1440)
    slow.sign_in(PATIENT)
    quick.sign_in(RELATIVE)
    slow.go(EYES_AT_SALLANCHES)
    wanted = slow.slots()[3]
    asked: list[Route] = []

    def wait(route: Route) -> None:
        asked.append(route)

    slow.page.route("**/retenir", wait)
    with slow.page.expect_request("**/retenir"):
        slow.go(wanted)
    slow.page.locator("#mot").fill(NOTE)
    expect(slow.page.locator("#confirm")).to_be_visible()
    quick.go(wanted)
    expect(quick.page.locator("#kept")).to_contain_text("retenu pour vous")
    asked[0].continue_()
    slow.page.unroute("**/retenir")
    expect(slow.page.get_by_role("alert")).to_contain_text("vient d’être pris")
    expect(slow.page.locator("#confirm")).to_have_count(0)
    expect(slow.page.locator("#mot")).to_have_value(NOTE)
    slow.look()
    # Some reasons are for those who came before, some for those who did not.
    reason = slow.page.locator("#motif option:checked").inner_text()
    first = "non" if "déjà suivi" in reason else "oui"
    slow.page.locator(f"input[name=premiere][value={first}]").check()
    on_site = slow.page.locator("input[type=radio][name=mode][value=in_person]")
    if on_site.count():
        on_site.check()
    slow.page.get_by_role("alert").get_by_role("button").first.click()
    expect(slow.page.locator("#kept")).to_contain_text("retenu pour vous")
    slow.press("Confirmer le rendez-vous")
    expect(slow.page.locator("main")).to_contain_text("C’est réservé.")


def test_ten_minutes_later_the_page_no_longer_says_that_the_slot_is_kept(
    visitor: Callable[..., Visitor],
) -> None:
    patient = visitor()
    page = patient.page
    patient.sign_in(PATIENT)
    patient.go(EYES_AT_SALLANCHES)
    wanted = patient.slots()[2]
    page.clock.install()
    patient.go(wanted)
    expect(page.locator("#kept")).to_contain_text("retenu pour vous jusqu’à")
    page.clock.fast_forward("10:01")
    expect(page.locator("#kept")).to_contain_text("les dix minutes ont passé")
    expect(page.locator("#kept [data-held]")).to_be_hidden()
    patient.look()
    page.get_by_role("button", name="Le retenir de nouveau").click()
    expect(page.locator("#kept [data-held]")).to_be_visible()


def test_another_reason_asks_its_questions_at_once_and_loses_nothing(
    visitor: Callable[..., Visitor],
) -> None:
    patient = visitor()
    page = patient.page
    patient.sign_in(PATIENT)
    patient.go(EYES_AT_SALLANCHES)
    patient.go(patient.slots()[1])
    page.locator("#mot").fill(NOTE)
    other = page.locator("#motif option").last.get_attribute("value")
    assert other is not None
    expect(page.locator("#motif option[selected]")).not_to_have_attribute("value", other)
    page.locator("#motif").select_option(value=other)
    # The attribute is what the server wrote: the form came back for the other reason.
    expect(page.locator("#motif option[selected]")).to_have_attribute("value", other)
    expect(page.locator("#mot")).to_have_value(NOTE)
    expect(page.locator(".field-message")).to_have_count(0)
    patient.look()


def test_hours_shown_are_those_of_the_reason_that_is_chosen(
    visitor: Callable[..., Visitor],
) -> None:
    """And where the choice is not followed, the hours of another reason stand under it."""
    patient = visitor()
    page = patient.page
    patient.go("/soignant/ines-da-costa/")
    reasons = page.locator("#motif-1")
    other = reasons.locator("option").last.get_attribute("value")
    assert other is not None
    reasons.evaluate("(one, value) => { one.value = value }", other)
    assert all(f"motif={other}" not in one for one in patient.slots())
    patient.go("/soignant/ines-da-costa/?semaine=1")
    reasons.focus()
    reasons.select_option(value=other)
    expect(page.locator(f"#heures-1 a.slot[href*='motif={other}']").first).to_be_visible()
    assert all(f"motif={other}" in one for one in patient.slots())
    expect(page.locator("#dit-1")).to_contain_text("créneau")
    expect(reasons).to_be_focused()
    assert f"motif={other}" in page.url
    assert "semaine=1" in page.url
    patient.look()


def test_what_cannot_wait_is_sent_to_a_telephone(visitor: Callable[..., Visitor]) -> None:
    patient = visitor()
    patient.sign_in(PATIENT)
    patient.go("/rendez-vous/?quoi_texte=généraliste&ou=74256")
    patient.go(patient.slots()[0])
    expect(patient.page.locator("fieldset.flag").first).to_be_visible()
    patient.answer(signs="oui")
    patient.press("Confirmer le rendez-vous")
    expect(patient.page.locator("h1")).to_have_text("N’attendez pas un rendez-vous")
    expect(patient.page.get_by_role("link", name="Appeler le 15")).to_have_attribute(
        "href", "tel:15"
    )
    patient.look()
    patient.page.go_back()
    expect(patient.page.locator("#booking")).to_be_visible()
    patient.answer()
    patient.press("Confirmer le rendez-vous")
    _answers_before_the_visit(patient)


def _answers_before_the_visit(patient: Visitor) -> None:
    """On a small telephone, in parts, with one thing forgotten."""
    page = patient.page
    page.get_by_role("link", name="Répondre aux questions").click()
    expect(page.locator("main")).to_contain_text("Partie 1 sur 3")
    page.get_by_label("Au latex").check()
    patient.send("Continuer")
    expect(page.get_by_role("alert")).to_contain_text("Le reste est gardé")
    expect(page.get_by_label("Au latex")).to_be_checked()
    patient.look()
    page.get_by_label("Oui").check()
    patient.send("Continuer")
    page.get_by_label("Si oui, lesquels").fill(NOTE)
    patient.send("Garder et finir plus tard")
    expect(page.locator("main")).to_contain_text("Personne ne le lit avant")
    patient.look()
    page.get_by_role("link", name="Finir de répondre").click()
    patient.send("Relire mes réponses")
    expect(page.locator("main")).to_contain_text(NOTE)
    patient.look()
    patient.send("Envoyer mes réponses")
    expect(page.locator("main")).to_contain_text("C’est envoyé.")


def test_without_javascript_search_and_booking_work_the_same(
    visitor: Callable[..., Visitor],
) -> None:
    patient = visitor(1440, java_script_enabled=False)
    page = patient.page
    patient.sign_in(PATIENT)
    patient.go("/")
    page.locator("#quoi_texte").fill("yeux")
    page.locator("#ou_texte").fill("74700")
    patient.press("Rechercher")
    page.locator("a.slot:visible").last.click()
    patient.answer(note=NOTE)
    patient.press("Confirmer le rendez-vous")
    expect(page.get_by_role("status")).to_contain_text("C’est réservé.")
