"""Doors that belong to no single audience: language, demo, security contact."""

from django.urls import include, path

from serment.web import demo, language, wellknown

demo_patterns = (
    [
        path("", demo.home, name="home"),
        path("/entrer", demo.enter, name="enter"),
        path("/voler", demo.steal, name="steal"),
        path("/courrier", demo.mail, name="mail"),
    ],
    "demo",
)

urlpatterns = [
    path("langue/", language.choose, name="set_language"),
    path("demo", include(demo_patterns)),
    path(".well-known/security.txt", wellknown.security, name="security"),
    path("robots.txt", wellknown.robots, name="robots"),
]
