"""Every door, in one place."""

from django.urls import include, path

urlpatterns = [
    path("compte/", include("serment.identity.urls")),
    path("cabinet/", include("serment.web.practice.urls")),
    path("", include("serment.web.providers.urls")),
    path("", include("serment.web.urls")),
    path("", include("serment.web.patient.urls")),
]

handler400 = "serment.web.failures.not_found"
handler403 = "serment.web.failures.forbidden"
handler404 = "serment.web.failures.not_found"
handler500 = "serment.web.failures.unexpected"
