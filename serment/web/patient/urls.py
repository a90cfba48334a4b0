"""The patient's addresses; none holds a person's name or an account's id."""

from django.urls import path

from serment.web.patient import (
    account,
    appointments,
    booking,
    calendar,
    contact,
    home,
    moving,
    opened,
    practitioner,
    relatives,
    relatives_accept,
    relatives_opened,
    results,
    two,
    waiting,
)

app_name = "patient"
urlpatterns = [
    path("", home.home, name="home"),
    path("completer/quoi", home.complete_what, name="complete_what"),
    path("completer/ou", home.complete_where, name="complete_where"),
    path("rendez-vous/", results.results, name="results"),
    path("soignant/<slug:slug>/", practitioner.page, name="practitioner"),
    path("soignant/<slug:slug>/pourquoi", practitioner.why_not, name="why_not"),
    path("reserver/<uuid:role_id>/", booking.form, name="book"),
    path("reserver/<uuid:role_id>/retenir", booking.keep, name="keep"),
    path("reserver/<uuid:role_id>/a-deux", two.form, name="book_two"),
    path("reserver/<uuid:role_id>/a-deux/retenir", two.keep, name="keep_two"),
    path("mes-rendez-vous/", appointments.listing, name="appointments"),
    path("mes-rendez-vous/<uuid:appointment_id>/", appointments.one, name="appointment"),
    path("mes-rendez-vous/<uuid:appointment_id>/annuler", appointments.cancel, name="cancel"),
    path("mes-rendez-vous/<uuid:appointment_id>/deplacer", moving.page, name="move"),
    path("attendre/<uuid:role_id>/", waiting.join, name="wait"),
    path("mes-attentes/<uuid:wish_id>", waiting.answer, name="wait_answer"),
    path("mes-rendez-vous/<uuid:appointment_id>/agenda.ics", appointments.calendar, name="ics"),
    path("qui-a-ouvert-mes-donnees/", opened.timeline, name="opened"),
    path("qui-a-ouvert-mes-donnees/recu/<int:seq>", opened.receipt, name="receipt"),
    path("mon-compte/", account.page, name="account"),
    path("mon-compte/contact", contact.page, name="contact"),
    path("mon-compte/agenda", calendar.page, name="calendar"),
    path("mes-proches/", relatives.listing, name="relatives"),
    path("mes-proches/ajouter", relatives.add, name="relative_add"),
    path("mes-proches/inviter", relatives.invite, name="relative_invite"),
    path("mes-proches/confiance", relatives.name, name="relative_name"),
    path("mes-proches/<uuid:relation>/fin", relatives.end, name="relative_end"),
    path("mes-proches/<uuid:relation>/acces", relatives_opened.timeline, name="relative_opened"),
    path("mes-proches/invitation/<str:word>", relatives_accept.accept, name="relative_accept"),
]
