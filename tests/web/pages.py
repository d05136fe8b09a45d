"""A person at a browser: every page they see is held to the rules of all our pages.

Valid HTML5, one h1, a title, the language, labels, ids that are there once, forms that say where
they go and carry their token, nothing inline, French typography, and the line about signs of
gravity.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from flask import Flask
from flask.testing import FlaskClient
from tinyhtml5.parser import HTMLParser
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from dispatcher.domain.languages import Language
from dispatcher.domain.roles import Account
from tests.builders import PASSWORD

NBSP = "\u00a0"
SEVERITY = f"Signes de gravité{NBSP}: appelez le{NBSP}15"
LIVE = {"X-Live": "1"}
FOUND = 302
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
BEHIND_A_LINK = ("/r/", "/sollicitations/", "/p/", "/renfort/")
_UNSAID = {"script", "style", "template", "svg"}
"""Elements whose text nobody reads."""
_INLINE = {"a", "abbr", "b", "code", "em", "kbd", "small", "span", "strong", "time"}
_WRITTEN_BY_OTHERS = {"code", "kbd", "pre", "textarea"}
_WRITTEN_BY_OTHERS_CLASS = "message__body"
"""SMS have plain spaces: their alphabet has no other."""
_SPOKEN_ATTRIBUTES = ("aria-label", "alt", "placeholder", "title", "data-announce")
_BREAKABLE = re.compile(r"[^\n]{0,20}(?:[ \n\t][:;?!»]|«[ \n\t])[^\n]{0,20}")
_TYPEWRITTEN = re.compile(r"\w'\w|\.\.\.")
_HANDLER = re.compile(r"on[a-z]+")
_POINTS_TO_IDS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "form")
_UNLABELLED_TYPES = {"hidden", "submit", "button"}


@dataclass
class Form:
    """A form of a page, filled in as the browser would send it untouched."""

    action: str
    method: str
    id: str
    values: "MultiDict[str, str]"

    def filled(self, changes: Mapping[str, Any]) -> "MultiDict[str, str]":
        """With other values: a list for several, None for a field left empty or unchecked."""
        values = self.values.copy()
        for name, value in changes.items():
            values.poplist(name)
            if value is not None:
                values.setlist(name, value if isinstance(value, list) else [value])
        return values


@dataclass
class Page:
    """A page as it was served, or a part of one."""

    response: TestResponse
    html: str
    root: Element = field(repr=False)

    @classmethod
    def of(cls, response: TestResponse) -> "Page":
        html = response.get_data(as_text=True)
        return cls(response, html, parse(html)[0])

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def path(self) -> str:
        return self.response.request.path

    @property
    def text(self) -> str:
        """What is read, spaces of all kinds as one plain space."""
        return _read(_body(self.root))

    @property
    def h1(self) -> str:
        return _read(next(self.root.iter("h1")))

    @property
    def etag(self) -> str:
        return self.response.headers["ETag"]

    def forms(self) -> list[Form]:
        return [_form(element) for element in self.root.iter("form")]

    def form(self, action: str) -> Form:
        """The form that goes to `action`; a `?` at its end is left out."""
        found = [form for form in self.forms() if form.action == action]
        assert found, f"no form goes to {action}, only to {[f.action for f in self.forms()]}"
        return found[0]

    def has_form(self, action: str) -> bool:
        return any(form.action == action for form in self.forms())

    def texts(self, tag: str, css_class: str = "") -> list[str]:
        """The texts of all elements of that kind."""
        return [
            _read(element)
            for element in self.root.iter(tag)
            if not css_class or css_class in element.get("class", "").split()
        ]

    def links(self) -> list[str]:
        return [element.get("href", "") for element in self.root.iter("a")]

    def field_error(self, name: str) -> str:
        """The sentence beside a field; empty when there is none."""
        ident = re.sub(r"[._]", "-", name) + "-error"
        for element in self.root.iter():
            if element.get("id") == ident:
                return _read(element).removeprefix("Erreur : ")
        return ""


class Browser:
    """One person with their cookies."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def sign_in(self, account: Account, password: str = PASSWORD) -> Page:
        page = self.get("/connexion")
        return self.submit(page.form("/connexion"), {"login": account.login, "password": password})

    def be_signed_in(self, account: Account) -> None:
        """The same without a look at the pages on the way, which other tests have."""
        token = _TOKEN.search(self.client.get("/connexion").get_data(as_text=True))
        assert token is not None
        typed = {"csrf_token": token[1], "login": account.login, "password": PASSWORD}
        assert self.client.post("/connexion", data=typed).status_code == FOUND

    def get(self, path: str, *, status: int = 200) -> Page:
        """Open a page, led on by redirections."""
        return self._shown(self.client.get(path, follow_redirects=True), status)

    def part(self, path: str, etag: str = "", *, status: int = 200) -> Page:
        """Ask for a part that renews itself, as the script of the page does."""
        headers = LIVE | ({"If-None-Match": etag} if etag else {})
        response = self.client.get(path, headers=headers)
        assert response.status_code == status, response.get_data(as_text=True)
        page = Page.of(response)
        if status == 200:
            faults = faults_of_part(page.html)
            assert not faults, f"{path}: {faults}"
        return page

    def submit(
        self, form: Form, changes: Mapping[str, Any] | None = None, *, status: int = 200
    ) -> Page:
        """Send a form and see the page that it leads to."""
        assert form.method == "post"
        response = self.client.post(
            form.action, data=form.filled(changes or {}), follow_redirects=True
        )
        return self._shown(response, status)

    def send(self, form: Form, changes: Mapping[str, Any] | None = None) -> TestResponse:
        """Send a form and stay with the bare answer."""
        return self.client.post(form.action, data=form.filled(changes or {}))

    def _shown(self, response: TestResponse, status: int) -> Page:
        assert response.status_code == status, (
            f"{response.request.path}: {response.status_code}\n{response.get_data(as_text=True)}"
        )
        assert response.mimetype == "text/html"
        page = Page.of(response)
        faults = faults_of(page.html)
        assert not faults, f"{response.request.path}: {faults}"
        return page


def parse(html: str) -> tuple[Element, list[str]]:
    """The document and the errors of its syntax."""
    root, errors = _parsed(html)
    return root, list(errors)


@lru_cache(maxsize=4)
def _parsed(html: str) -> tuple[Element, tuple[str, ...]]:
    """The page that was just checked is read next: parsing it is most of what a test costs."""
    parser = HTMLParser(namespace_html_elements=False)
    root: Element = parser.parse(html)
    return root, tuple(f"{code} {details}" for _, code, details in parser.errors)


def faults_of(html: str) -> list[str]:
    """What is wrong with a whole page."""
    root, faults = parse(html)
    if not html.lstrip().lower().startswith("<!doctype html>"):
        faults.append("no doctype")
    is_french = root.get("lang") == "fr"
    if root.get("lang") not in set(Language):
        faults.append("the language is not said")
    titles = ["".join(element.itertext()).strip() for element in root.iter("title")]
    if len(titles) != 1 or not titles[0].strip(" –"):
        faults.append(f"titles: {titles}")
    headings = ["".join(_said(element)).strip() for element in root.iter("h1")]
    if len(headings) != 1 or not headings[0]:
        faults.append(f"h1: {headings}")
    if not any(element.get("name") == "viewport" for element in root.iter("meta")):
        faults.append("no viewport")
    if (is_french and SEVERITY not in "".join(_said(root))) or "tel:15" not in html:
        faults.append("nothing is said about signs of gravity")
    faults += _dangling(root)
    return faults + _common_faults(root)


def faults_of_part(html: str) -> list[str]:
    """What is wrong with a part of a page, references out of it left aside."""
    whole = f'<!DOCTYPE html><html lang="fr"><head><title>Partie</title></head><body>{html}</body>'
    root, faults = parse(whole)
    return faults + _common_faults(root)


def _common_faults(root: Element) -> list[str]:
    return [
        *_repeated_ids(root),
        *_form_faults(root),
        *_unlabelled(root),
        *_inline(root),
        *(_typography(root) if root.get("lang") == "fr" else []),
    ]


def _repeated_ids(root: Element) -> list[str]:
    ids = [element.get("id", "") for element in root.iter() if "id" in element.attrib]
    return [f"id {name!r} is there twice" for name in sorted(set(ids)) if ids.count(name) > 1]


def _dangling(root: Element) -> list[str]:
    ids = {element.get("id") for element in root.iter()}
    faults = []
    for element in root.iter():
        for attribute in _POINTS_TO_IDS:
            faults += [
                f"{attribute}={target!r} points nowhere"
                for target in element.get(attribute, "").split()
                if target not in ids
            ]
        target = element.get("href", "") if element.tag == "a" else ""
        if target.startswith("#") and target[1:] not in ids:
            faults.append(f"link to {target!r} points nowhere")
    return faults


def _form_faults(root: Element) -> list[str]:
    faults = []
    for element in root.iter("form"):
        form = _form(element)
        if "action" not in element.attrib and "data-" not in " ".join(element.attrib):
            faults.append("a form does not say where it goes")
        # Pages behind a link have no session: the secret in the address stands in for a token.
        needs_token = form.method == "post" and not form.action.startswith(BEHIND_A_LINK)
        if needs_token and not form.values.get("csrf_token"):
            faults.append(f"the form to {form.action} has no token")
    return faults


def _unlabelled(root: Element) -> list[str]:
    labelled = {element.get("for") for element in root.iter("label")}
    inside = {
        id(control)
        for label in root.iter("label")
        for control in label.iter()
        if control.tag in {"input", "select", "textarea"}
    }
    return [
        f"{element.tag} {element.get('name')!r} has no label"
        for element in root.iter()
        if element.tag in {"input", "select", "textarea"}
        and element.get("type") not in _UNLABELLED_TYPES
        and id(element) not in inside
        and element.get("id", "") not in labelled
        and not element.get("aria-label")
    ]


def _inline(root: Element) -> list[str]:
    faults = []
    for element in _elements(root):
        if element.tag == "style" or "style" in element.attrib:
            faults.append(f"inline style in {element.tag}")
        is_script = element.tag == "script" and element.get("type") != "application/json"
        if is_script and "src" not in element.attrib:
            faults.append("inline script")
        faults += [f"handler {name}" for name in element.attrib if _HANDLER.fullmatch(name)]
        if element.get("href", "").strip().lower().startswith("javascript:"):
            faults.append("a link runs a script")
    return faults


def _typography(root: Element) -> list[str]:
    said = ["".join(_said(root, ours_alone=True))]
    said += [element.get(name, "") for element in _elements(root) for name in _SPOKEN_ATTRIBUTES]
    faults = [f"breakable space: {found!r}" for text in said for found in _BREAKABLE.findall(text)]
    return faults + [f"typewriter: {found!r}" for t in said for found in _TYPEWRITTEN.findall(t)]


def _said(element: Element, *, ours_alone: bool = False) -> Iterator[str]:
    """The text that is read; with `ours_alone`, without what others wrote."""
    if element.tag not in _UNSAID and not (ours_alone and _is_of_others(element)):
        yield element.text or ""
        for child in element:
            if not _is_comment(child):
                yield from _said(child, ours_alone=ours_alone)
            yield child.tail or ""


def _elements(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if not _is_comment(element))


def _is_comment(element: Element) -> bool:
    """The parser gives comments as elements whose tag is a function."""
    return callable(element.tag)


def _is_of_others(element: Element) -> bool:
    classes = element.get("class", "").split()
    return element.tag in _WRITTEN_BY_OTHERS or _WRITTEN_BY_OTHERS_CLASS in classes


def _read(element: Element) -> str:
    """The text, spaces of all kinds as one plain space, and one between blocks."""

    def pieces(part: Element) -> Iterator[str]:
        edge = "" if part.tag in _INLINE else " "
        if part.tag in _UNSAID:
            return
        yield edge + (part.text or "")
        for child in part:
            if not _is_comment(child):
                yield from pieces(child)
            yield child.tail or ""
        yield edge

    return " ".join("".join(pieces(element)).split())


def _body(root: Element) -> Element:
    found = root.find("body")
    return root if found is None else found


def _form(element: Element) -> Form:
    values: MultiDict[str, str] = MultiDict()
    for control in element.iter():
        name = control.get("name")
        if not name or "disabled" in control.attrib:
            continue
        if control.tag == "input":
            kind = control.get("type", "text")
            if kind in {"radio", "checkbox"} and "checked" not in control.attrib:
                continue
            if kind != "submit":
                values.add(name, control.get("value", "on"))
        elif control.tag == "textarea":
            values.add(name, control.text or "")
        elif control.tag == "select":
            options = list(control.iter("option"))
            chosen = [option for option in options if "selected" in option.attrib] or options[:1]
            for option in chosen:
                values.add(name, option.get("value", option.text or ""))
    return Form(
        action=element.get("action", ""),
        method=element.get("method", "get").lower(),
        id=element.get("id", ""),
        values=values,
    )
