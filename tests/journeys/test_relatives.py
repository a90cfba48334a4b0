"""A parent books for a child; somebody lets another act for them, and ends it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import EYES_AT_SALLANCHES, PATIENT, RELATIVE, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]
NO_OTHER_JOURNEY = "/rendez-vous/?quoi=profession:dentiste&ou=67482"
CHILD, BROTHER = "Capucine Lemoine", "Léon Lemoine"


def test_books_for_a_child_and_acts_for_who_lets_him_until_they_end_it(
    visitor: Callable[..., Visitor],
) -> None:
    father, patient = visitor(390), visitor(390)
    father.sign_in(RELATIVE)
    father.go(EYES_AT_SALLANCHES)
    father.go(father.slots()[-1])
    father.page.get_by_label(CHILD).check()
    father.answer()
    father.look()
    father.press("Confirmer le rendez-vous")
    expect(father.page.get_by_role("status")).to_contain_text("C’est réservé.")
    expect(father.page.locator("main")).to_contain_text(CHILD)
    hour = father.page.locator("h1").inner_text()
    father.go("/mes-rendez-vous/")
    childs = father.page.locator("section").filter(has_text=f"Rendez-vous de {CHILD}")
    expect(childs).to_contain_text(hour)
    father.look()

    patient.sign_in(PATIENT)
    patient.go("/mes-proches/")
    patient.look()
    patient.page.get_by_role("link", name="Inviter un proche").click()
    patient.page.get_by_label("Comment l’appelez-vous ?").fill("Mon fils Bastien")
    patient.page.get_by_label("Son adresse e-mail").fill(RELATIVE)
    patient.look()
    patient.press("Envoyer l’invitation")
    expect(patient.page.locator("main")).to_contain_text("Invitation envoyée")
    letter = father.letter_to(RELATIVE, "/mes-proches/invitation/")
    link = re.search(r"(/mes-proches/invitation/\S+)", letter)
    assert link is not None
    father.go(link[1])
    expect(father.page.locator("h1")).to_have_text("Agir pour A. L. ?")
    father.look()
    father.send("Accepter")
    father.go("/mes-rendez-vous/")
    expect(father.page.locator("main")).to_contain_text("Rendez-vous de Aurore Lemoine")
    patient.go("/qui-a-ouvert-mes-donnees/")
    expect(patient.page.locator("main")).to_contain_text("à qui vous avez donné accès")
    patient.go("/mes-proches/")
    patient.page.get_by_role("link", name="Mettre fin").click()
    patient.look()
    patient.send("Mettre fin")
    father.go("/mes-rendez-vous/")
    expect(father.page.locator("main")).to_contain_text(f"Rendez-vous de {CHILD}")
    expect(father.page.locator("main")).not_to_contain_text("Aurore")


def test_a_mother_books_for_two_children_and_cancels_one(visitor: Callable[..., Visitor]) -> None:
    mother = visitor(390)
    mother.sign_in(PATIENT)
    mother.go("/mes-proches/ajouter")
    mother.page.get_by_label("Prénom").fill("Léon")
    mother.page.get_by_label("Nom", exact=True).fill("Lemoine")
    mother.page.get_by_label("Date de naissance").fill("3/5/2021")
    mother.press("Ajouter")
    expect(mother.page.locator("main")).to_contain_text(BROTHER)
    mother.go(NO_OTHER_JOURNEY)  # where she has no visits to come already
    mother.go(mother.slots()[-1])
    mother.page.get_by_role("link", name="Réserver pour deux personnes à la fois").click()
    expect(mother.page.get_by_role("status")).to_contain_text("Les deux heures sont retenues")
    chosen = mother.page.locator("select[name^=pour] option:checked")
    expect(chosen).to_have_text([CHILD, BROTHER])
    mother.press("Confirmer les deux rendez-vous")
    expect(mother.page.get_by_role("alert")).to_contain_text("Rien de ce que vous avez écrit")
    mother.look()
    for number in "12":
        for question in mother.page.locator(
            f"input[name^=signe][name$='{number}'][value=non]"
        ).all():
            question.check()
        mother.page.locator(f"input[name=premiere-{number}][value=oui]").check()
        mother.page.locator(f"#mot-{number}").fill("Contrôle avant la rentrée")
    on_site = mother.page.locator("input[type=radio][name=mode][value=in_person]")
    if on_site.count():
        on_site.check()
    mother.press("Confirmer les deux rendez-vous")
    expect(mother.page.get_by_role("status")).to_contain_text("C’est réservé pour les deux.")
    visits = mother.page.locator("section.relatives-visits")
    first, second = (visits.filter(has_text=f"Rendez-vous de {one}") for one in (CHILD, BROTHER))
    theirs = second.locator("article").last
    hour = theirs.locator("h2").inner_text()
    before = first.locator("article").count()
    theirs.get_by_role("link", name="Annuler").click()
    mother.press("Annuler le rendez-vous")
    mother.go("/mes-rendez-vous/")
    expect(second).to_contain_text("Rien de prévu.")
    expect(second).not_to_contain_text(hour)
    expect(first.locator("article")).to_have_count(before)
