"""The practice's addresses; none holds a person's name, nor what was typed to find one."""

from django.urls import path

from serment.web.practice import agenda

app_name = "practice"
urlpatterns = [
    path("", agenda.day, name="agenda"),
]
