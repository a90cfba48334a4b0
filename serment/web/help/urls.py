"""Addresses of help: the same in both languages, so that the switch of language stays there."""

from django.urls import path

from serment.web.help import doors

app_name = "help"
urlpatterns = [
    path("", doors.index, name="index"),
    path("<slug:slug>/", doors.page, name="page"),
]
