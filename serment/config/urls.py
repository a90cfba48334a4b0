"""Every door, in one place."""

from django.urls import include, path

urlpatterns = [
    path("compte/", include("serment.identity.urls")),
    path("cabinet/", include("serment.web.practice.urls")),
    path("", include("serment.web.urls")),
    path("", include("serment.web.patient.urls")),
]
