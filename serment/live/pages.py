"""What the public port says itself, when the web process cannot: plain, whole, in two languages."""

from __future__ import annotations

from starlette.responses import HTMLResponse, PlainTextResponse, Response

_RETRY_SECONDS = "5"
_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="10">
<title>{title} – Serment</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p lang="{other}">{other_text}</p>
</main>
</body>
</html>
"""
_TITLE = {"fr": "Serment revient dans un instant", "en": "Serment will be back in a moment"}
_TEXT = {
    "fr": "Le site ne répond pas pour l’instant. Ce qui a été confirmé est enregistré."
    " Cette page se recharge seule. En cas d’urgence vitale, appelez le 15 ou le 112.",
    "en": "The site is not answering right now. Whatever was confirmed is saved."
    " This page reloads by itself. In an emergency, call 15 or 112.",
}


def not_answering(accept_language: str) -> Response:
    """503: web is gone or too slow."""
    lang = "en" if accept_language.strip().lower().startswith("en") else "fr"
    other = "fr" if lang == "en" else "en"
    page = _PAGE.format(
        lang=lang, title=_TITLE[lang], text=_TEXT[lang], other=other, other_text=_TEXT[other]
    )
    headers = {
        "retry-after": _RETRY_SECONDS,
        "cache-control": "no-store",
    }
    return HTMLResponse(page, status_code=503, headers=headers)


def too_slow() -> Response:
    """408: the body did not arrive in time."""
    return PlainTextResponse(
        "L’envoi a pris trop de temps. / The upload took too long.\n",
        status_code=408,
        headers={"connection": "close"},
    )


def broken_off() -> Response:
    """400: the body ended before it should, or is none."""
    return PlainTextResponse(
        "L’envoi est incomplet. / The upload is incomplete.\n",
        status_code=400,
        headers={"connection": "close"},
    )


def too_large() -> Response:
    """413: the body passes the limit."""
    return PlainTextResponse(
        "L’envoi est trop volumineux. / The upload is too large.\n",
        status_code=413,
        headers={"connection": "close"},
    )
