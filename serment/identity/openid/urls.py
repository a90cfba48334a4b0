"""Sign-in by a provider, under ``/compte/par/``."""

from django.urls import path

from serment.identity.openid import views

urlpatterns = [
    path("liens/", views.links, name="openid_links"),
    path("liens/<uuid:identity>/retirer/", views.unlink, name="openid_unlink"),
    path("inscription/", views.sign_up, name="openid_sign_up"),
    path("etablissement/", views.choose, name="openid_choose"),
    path("depart/", views.leave, name="openid_leave"),
    path("parti/", views.left, name="openid_left"),
    path("cles/", views.keys, name="openid_keys"),
    path("<slug:provider>/", views.start, name="openid_start"),
    path("<slug:provider>/confirmer/", views.again, name="openid_again"),
    path("<slug:provider>/lier/", views.link, name="openid_link"),
    path("<slug:provider>/retour/", views.come_back, name="openid_return"),
]
