"""The guide: every file has its page, and Markdown brings no HTML of its own."""

from pathlib import Path

import pytest
from flask import Flask

from dispatcher.web.guide import CONTENTS, DIRECTORY, SLUGS, read_page
from tests.web.pages import Browser

PAGES = ("/guide", *(f"/guide/{slug}" for slug in SLUGS))


@pytest.mark.parametrize("path", PAGES)
def test_everybody_reads_every_page(somebody: Browser, path: str) -> None:
    page = somebody.get(path)
    assert page.h1
    assert set(PAGES) <= set(page.links())
    assert "Se déconnecter" not in page.text


def test_every_file_of_the_folder_has_its_page() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.md")} == {CONTENTS, *SLUGS}


def test_links_between_files_lead_to_pages(somebody: Browser) -> None:
    links = somebody.get("/guide").links()
    assert not [link for link in links if link.endswith(".md")]
    for link in links:
        if link.startswith("/guide"):
            somebody.get(link)


@pytest.mark.parametrize("slug", ["inconnu", "README", "..", "%2e%2e%2fREADME", "regulateur.md"])
def test_there_is_nothing_else_to_read(somebody: Browser, slug: str) -> None:
    somebody.get(f"/guide/{slug}", status=404)


@pytest.mark.parametrize("name", ["inconnue.png", "..%2fREADME.md", "%2e%2e/patient.md"])
def test_images_come_from_their_folder_alone(somebody: Browser, name: str) -> None:
    assert somebody.client.get(f"/guide/images/{name}").status_code == 404


def test_html_in_a_file_is_shown_and_not_obeyed(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "essai.md").write_text("# Essai\n\nUn <script>alert(1)</script>.\n", "utf-8")
    with app.test_request_context():
        page = read_page("essai", tmp_path)
    assert page.title == "Essai"
    assert "<script>" not in page.body
    assert "&lt;script&gt;" in page.body


def test_images_and_links_get_their_addresses_and_tables_scroll(app: Flask, tmp_path: Path) -> None:
    text = "# Essai\n\n![Une vue](images/vue.png) [là](patient.md)\n\n| a |\n| - |\n| 1 |\n"
    (tmp_path / "essai.md").write_text(text, "utf-8")
    with app.test_request_context():
        body = read_page("essai", tmp_path).body
    assert '<img src="/guide/images/vue.png" alt="Une vue"' in body
    assert '<a href="/guide/patient">' in body
    assert '<div class="table-scroll" tabindex="0"><table class="table">' in body


def test_a_file_without_its_title_is_a_mistake(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "essai.md").write_text("Essai\n", "utf-8")
    with app.test_request_context(), pytest.raises(ValueError, match="title"):
        read_page("essai", tmp_path)
