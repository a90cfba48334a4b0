"""Doors that belong to no single audience: language, demo, security contact."""

from django.urls import include, path

from serment.web import demo, language, receipts, wellknown
from serment.web.privacy import accesses, lines, partners, receipt

demo_patterns = (
    [
        path("demo", demo.home, name="home"),
        path("demo/entrer", demo.enter, name="enter"),
        path("demo/voler", demo.steal, name="steal"),
        path("demo/courrier", demo.mail, name="mail"),
    ],
    "demo",
)

urlpatterns = [
    path("langue/", language.choose, name="set_language"),
    path("", include(demo_patterns)),
    path("acces/", accesses.counts, name="accesses"),
    path("acces/lignes/", lines.lines, name="access_lines"),
    path("acces/lignes.csv", lines.as_csv, name="access_lines_csv"),
    path("acces/lignes.json", lines.as_json, name="access_lines_json"),
    path("acces/recu", receipt.by_number, name="receipt_by_number"),
    path("verifier-un-recu/", receipts.explain, name="receipts"),
    path("verifier-un-recu/serment-verify.pyz", receipts.verifier, name="verifier"),
    path("partenaires/", partners.door, name="partners"),
    path(".well-known/security.txt", wellknown.security, name="security"),
    path("robots.txt", wellknown.robots, name="robots"),
]
