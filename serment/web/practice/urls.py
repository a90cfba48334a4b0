"""The practice's addresses; none holds a person's name, nor what was typed to find one."""

from django.urls import path

from serment.web.practice import (
    agenda,
    arriving,
    card,
    comparing,
    continuity,
    identity,
    letters,
    panel,
    patients,
    telephone,
    watching,
)

app_name = "practice"
urlpatterns = [
    path("", agenda.day, name="agenda"),
    path("semaine/", agenda.week, name="week"),
    path("noms", agenda.open_names, name="open_names"),
    path("motifs", agenda.open_reasons, name="open_reasons"),
    path("initiales", agenda.discretion, name="discretion"),
    path("visite/<uuid:appointment_id>/ouvrir", panel.open_appointment, name="open"),
    path("visite/<uuid:appointment_id>/etat", panel.mark, name="mark"),
    path("visite/<uuid:appointment_id>/annuler", panel.cancel, name="cancel"),
    path("visite/<uuid:appointment_id>/remettre", panel.put_back, name="put_back"),
    path("visite/<uuid:appointment_id>/carte", card.card, name="card"),
    path("patients/", patients.find, name="find"),
    path("patients/nouveau", patients.create, name="new_patient"),
    path("patients/<uuid:file_id>/", patients.patient, name="patient"),
    path("patients/<uuid:file_id>/corriger", patients.change, name="change_patient"),
    path("patients/<uuid:file_id>/identite", identity.watch, name="watch_identity"),
    path("patients/<uuid:file_id>/doublons", identity.duplicates, name="duplicates"),
    path("identites/", watching.overview, name="identities"),
    path("identites/<uuid:kept>/<uuid:gone>/", comparing.compare, name="compare"),
    path("identites/<uuid:kept>/<uuid:gone>/reunir", comparing.merge, name="merge"),
    path("identites/<uuid:kept>/<uuid:gone>/separer", comparing.part, name="part"),
    path("identites/<uuid:kept>/<uuid:gone>/deux", comparing.tell_apart, name="tell_apart"),
    path("reserver/", telephone.book, name="book"),
    path("lettres/", letters.waiting, name="letters"),
    path("lettres/noms", letters.open_names, name="letters_names"),
    path("lettres/feuilles", letters.sheets, name="letters_sheets"),
    path("lettres/envoyees", letters.sent, name="letters_sent"),
    path("lettres/remettre", letters.put_back, name="letters_put_back"),
    path("continuite/", continuity.sheets, name="continuity"),
    path("continuite/lecteur", continuity.reader, name="continuity_reader"),
    path("continuite/<uuid:site_id>.age", continuity.sheet, name="continuity_sheet"),
    path("continuite/<uuid:site_id>.key", continuity.demo_key, name="continuity_demo_key"),
    path("import/", arriving.arrival, name="arrival"),
    path("import/colonnes/", arriving.columns, name="arrival_columns"),
]
