"""One quiet link from a page to the help that fits it."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment.web.help import written
from serment.web.templatetags.serment import icon

register = template.Library()


@register.simple_tag
def help_link(slug: str) -> SafeString:
    """``{% help_link "proches" %}``: “Aide : …”. Raises KeyError where no page has that name."""
    page = written.page((get_language() or "fr")[:2], slug)
    return format_html(
        '<p class="help-link no-print"><a href="{}">{}<span>{}</span></a></p>',
        reverse("help:page", args=[slug]),
        icon("circle-help"),
        _("Aide : %(topic)s") % {"topic": page.title},
    )
