"""Where providers call back, and where a message's link leads."""

from django.urls import path

from serment.web.providers import answering, called, inviting

app_name = "providers"

urlpatterns = [
    path("r/<slug:secret>", answering.answer, name="answer"),
    path("i/<slug:secret>", inviting.choose, name="invitation"),
    path("-/messages/mail/<slug:provider>/", called.mail, name="mail"),
    path("-/messages/<slug:provider>/<slug:token>/", called.texts, name="texts"),
    path("-/messages/<slug:provider>/<slug:reference>/<slug:token>/", called.texts, name="text"),
]
