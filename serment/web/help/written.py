"""A help page as its file says it: Markdown in, title, contents and safe HTML out.

In a file, ``# `` is the title and the paragraph after it the lead; ``## `` are sections. What a
button, a menu or a field is called stands in backquotes, exactly as the product shows it: a test
looks each up in the message catalogue. Links lead to another page by its file (``proches.md``, so
that they also work where the sources are read) or to a place of the product by its path.
HTML in a file is shown as text, never obeyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from serment.web.help import topics

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

PAGES = Path(__file__).parent / "pages"
LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Page:
    """One topic in one language; ``labels`` and ``links`` are what the tests look up."""

    slug: str
    title: str
    lead: SafeString
    body: SafeString
    contents: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]
    links: tuple[str, ...]


@lru_cache(maxsize=128)
def page(language: str, slug: str) -> Page:
    """The page, French for any other language. Raises KeyError where there is no such topic."""
    if slug not in topics.SLUGS:
        raise KeyError(slug)
    spoken = language if language in LANGUAGES else LANGUAGES[0]
    return read(slug, (PAGES / spoken / f"{slug}.md").read_text(encoding="utf-8"))


def read(slug: str, text: str) -> Page:
    """A page out of its file's text. Raises ValueError where title or lead is missing."""
    reader = _reader()
    tokens = reader.parse(text)
    if [one.type for one in tokens[:1]] != ["heading_open"] or tokens[3].type != "paragraph_open":
        raise ValueError(f"{slug}: a page begins with its title and a paragraph")
    contents, links = _mend(tokens)
    labels = [
        one.content for token in tokens for one in token.children or () if one.type == "code_inline"
    ]
    return Page(
        slug=slug,
        title=tokens[1].content,
        lead=_html(reader, tokens[4:5]),
        body=_html(reader, tokens[6:]),
        contents=tuple(contents),
        labels=tuple(labels),
        links=tuple(links),
    )


def _reader() -> MarkdownIt:
    # Loaded by the first page that somebody reads, not by every process that starts.
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("code_inline", _label)
    reader.add_render_rule("table_open", _table)
    reader.add_render_rule("table_close", _table_end)
    return reader


def _html(reader: MarkdownIt, tokens: Sequence[Token]) -> SafeString:
    # The reader escapes all text and has HTML switched off; the files are the product's own.
    return mark_safe(str(reader.renderer.render(tokens, reader.options, {})))  # noqa: S308


def _mend(tokens: Sequence[Token]) -> tuple[list[tuple[str, str]], list[str]]:
    """Sections get an anchor, links to files lead to pages; both are told."""
    contents, links = [], []
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            words = "".join(one.content for one in tokens[place + 1].children or ())
            token.attrSet("id", slugify(words))
            contents.append((slugify(words), words))
        for one in token.children or ():
            if one.type == "link_open":
                links.append(str(one.attrGet("href")))
                one.attrSet("href", _address(links[-1]))
    return contents, links


def _address(link: str) -> str:
    file, mark, section = link.partition("#")
    if file.endswith(".md"):
        return reverse("help:page", args=[file.removesuffix(".md")]) + mark + section
    return link


def _label(_self: object, tokens: Sequence[Token], place: int, *_rest: object) -> str:
    return format_html('<b class="help-label">{}</b>', tokens[place].content)


def _table(*_rest: object) -> str:
    return '<div class="help-table" tabindex="0"><table class="table">'


def _table_end(*_rest: object) -> str:
    return "</table></div>"


def label_of(text: str) -> str:
    """How a label is drawn, for whoever compares."""
    return f'<b class="help-label">{escape(text)}</b>'
