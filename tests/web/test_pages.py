"""The checks that every page passes can fail: one page for each fault."""

import pytest

from tests.web.pages import SEVERITY, faults_of, faults_of_part

GOOD = f"""<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Essai – Relais</title></head>
<body><p><a href="tel:15">{SEVERITY}</a></p><h1>Essai</h1>
<form method="post" action="/ici"><input type="hidden" name="csrf_token" value="x">
<label for="nom">Nom</label><input id="nom" name="nom"></form></body></html>"""


def test_a_page_as_it_should_be_has_no_fault() -> None:
    assert faults_of(GOOD) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("<!DOCTYPE html>", "", "no doctype"),
        ("</h1>", "</h2>", "end-tag"),
        ("<p><a", "<p><div><a", "unexpected-end-tag"),
        ('lang="fr"', 'lang="de"', "the language is not said"),
        ("Essai – Relais", "", "titles"),
        ("<h1>Essai</h1>", "", "h1"),
        ("<h1>Essai</h1>", "<h1>Essai</h1><h1>Autre</h1>", "h1"),
        ('name="viewport"', 'name="other"', "no viewport"),
        (SEVERITY, "Bonjour", "nothing is said about signs of gravity"),
        ('id="nom" name', 'id="nom" class="nom" aria-describedby="x" name', "points nowhere"),
        ("<h1>", '<h1 id="nom">', "is there twice"),
        ('action="/ici"', "", "does not say where it goes"),
        ('value="x"', 'value=""', "has no token"),
        ('for="nom"', 'for="prenom"', "has no label"),
        ("<h1>", '<h1 style="color:red">', "inline style"),
        ("</body>", "<script>alert(1)</script></body>", "inline script"),
        ("<h1>", '<h1 onclick="x()">', "handler onclick"),
        ("tel:15", "javascript:tel:15", "a link runs a script"),
        ("<h1>Essai", "<h1>Un essai : oui", "breakable space"),
        ("<h1>Essai", "<h1>Essai\u00a0« ici\u00a0»", "breakable space"),
        ("<h1>", '<h1 title="Vraiment ?">', "breakable space"),
        ("<h1>Essai", "<h1>L'essai", "typewriter"),
    ],
)
def test_each_fault_is_found(before: str, after: str, fault: str) -> None:
    assert before in GOOD
    assert any(fault in found for found in faults_of(GOOD.replace(before, after, 1)))


def test_what_others_wrote_is_not_held_to_our_typography() -> None:
    assert faults_of_part("<p class='message__body'>RDV : demain ?</p><code>a ; b</code>") == []
    assert faults_of_part("<p>RDV : demain</p>") != []
