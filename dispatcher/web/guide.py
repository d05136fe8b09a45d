"""The illustrated guide: docs/guide/*.md, read by everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, abort, render_template, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from dispatcher.web.access import open_to_everybody

room = Blueprint("guide", __name__)
DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "guide"
CONTENTS = "README"
SLUGS = (
    "regulateur",
    "professionnel",
    "patient",
    "demandeur",
    "coordinateur",
    "administrateur",
    "mon-compte",
)
"""In the order of the story: who takes the call, who answers it, who looks back."""
IMAGE_SECONDS = 3600
WHY = "it explains the application and holds nobody's data"


@dataclass(frozen=True, slots=True)
class GuidePage:
    """One file of the guide. `body` is HTML made from its Markdown, the title left out."""

    title: str
    body: Markup


@room.get("/guide")
@open_to_everybody(WHY)
def contents() -> ResponseReturnValue:
    """Which guide is whose."""
    return _shown(CONTENTS)


@room.get("/guide/<string:slug>")
@open_to_everybody(WHY)
def page(slug: str) -> ResponseReturnValue:
    """The guide of one role."""
    if slug not in SLUGS:
        abort(404)
    return _shown(slug)


@room.get("/guide/images/<string:name>")
@open_to_everybody(WHY)
def image(name: str) -> ResponseReturnValue:
    """A screenshot."""
    return send_from_directory(DIRECTORY / "images", name, max_age=IMAGE_SECONDS)


def _shown(slug: str) -> str:
    entries = [
        {"title": read_page(name).title, "url": _address(name), "current": name == slug}
        for name in (CONTENTS, *SLUGS)
    ]
    return render_template("guide/page.html", page=read_page(slug), pages=entries)


@cache
def read_page(name: str, directory: Path = DIRECTORY) -> GuidePage:
    """Render a file. Raises ValueError unless it begins with its title, `# …`."""
    title, _, text = (directory / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    if not title.startswith("# "):
        raise ValueError(f"{name}.md does not begin with its title")
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    body = Markup(markdown.render(text))  # noqa: S704 - HTML in the Markdown comes out escaped
    return GuidePage(title.removeprefix("# ").strip(), body)


def _address(name: str) -> str:
    return url_for("guide.contents") if name == CONTENTS else url_for("guide.page", slug=name)


class _Renderer(RendererHTML):
    """Files point at each other and at images as they do on a disk: here to their addresses."""

    def link_open(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
    ) -> str:
        target = str(tokens[index].attrs["href"])
        if target.endswith(".md"):
            tokens[index].attrSet("href", _address(target.removesuffix(".md")))
        return self.renderToken(tokens, index, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        name = Path(str(tokens[idx].attrs["src"])).name
        tokens[idx].attrSet("src", url_for("guide.image", name=name))
        return super().image(tokens, idx, options, env)

    def table_open(self, *_: object) -> str:
        """A wide table scrolls by itself, not the page; the keyboard can reach it."""
        return '<div class="table-scroll" tabindex="0"><table class="table">\n'

    def table_close(self, *_: object) -> str:
        return "</table></div>\n"
