"""Doors that belong to no single audience: language, demo, help, security contact."""

from django.urls import include, path

from serment.web import calendar_feed, demo, language, receipts, wellknown
from serment.web.privacy import (
    accesses,
    alarms,
    freezes,
    glasses,
    grants,
    lines,
    partners,
    receipt,
    signing,
    trustee,
)

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
    path("acces/alertes/", alarms.alarms, name="alarms"),
    path("acces/gels/", freezes.freezes, name="freezes"),
    path("acces/gels/geler", freezes.freeze, name="freeze"),
    path("acces/gels/lever", freezes.lift, name="lift_freeze"),
    path("acces/accords/", grants.grants, name="grants"),
    path("acces/accords/limite", grants.propose_raise, name="propose_raise"),
    path("acces/accords/approuver", grants.approve, name="approve_grant"),
    path("acces/accords/arreter", grants.stop, name="stop_grant"),
    path("acces/accords/effacer", grants.erase, name="erase_granted"),
    path("acces/signer", signing.ask, name="officer_ask"),
    path("acces/urgences/", glasses.glasses, name="glasses"),
    path("acces/urgences/avis", glasses.judge, name="judge_glass"),
    path("confiance/", trustee.page, name="trustee"),
    path("confiance/signer", trustee.ask, name="trustee_ask"),
    path("confiance/repondre", trustee.answer, name="trustee_answer"),
    path("acces/recu", receipt.by_number, name="receipt_by_number"),
    path("verifier-un-recu/", receipts.explain, name="receipts"),
    path("verifier-un-recu/serment-verify.pyz", receipts.verifier, name="verifier"),
    path("calendar/<str:token>.ics", calendar_feed.read, name="calendar_feed"),
    path("aide/", include("serment.web.help.urls")),
    path("partenaires/", partners.door, name="partners"),
    path(".well-known/security.txt", wellknown.security, name="security"),
    path("robots.txt", wellknown.robots, name="robots"),
]
