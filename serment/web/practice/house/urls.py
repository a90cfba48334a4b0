"""The house's addresses, under ``/cabinet/etablissement/``."""

from django.urls import path

from serment.web.practice.house import entries, page, sites

urlpatterns = [
    path("", page.house, name="house"),
    path("lieu/", sites.add, name="site_new"),
    path("lieu/<uuid:site_id>/", sites.edit, name="site"),
    path("soignant/", entries.add, name="entry_new"),
    path("soignant/<uuid:role_id>/", entries.edit, name="entry"),
]
