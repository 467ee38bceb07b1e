"""The documentation is whole: every public name is in it, and no link or file name is broken."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import pytest

import sklearn_gd

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.rst"), *DOCS.glob("*.md"), *ROOT.glob("*.md")])
# Made by the build, from examples/ and from api.rst.
BUILT = ("auto_examples/", "generated/")
FILE_NAME = re.compile(r"(?<![\w./:*-])((?:[\w-]+/)*[\w.-]+\.(?:py|rst|md|toml|txt|png))(?![\w*])")


def _public():
    for name in sklearn_gd.__all__:
        thing = getattr(sklearn_gd, name)
        yield name, thing
        if not inspect.isclass(thing):
            continue
        for attribute in dir(thing):
            if attribute.startswith("_"):
                continue
            member = inspect.getattr_static(thing, attribute)
            function = getattr(thing, attribute)
            ours = getattr(function, "__module__", "").startswith("sklearn_gd")
            if ours and callable(function) and not isinstance(member, property):
                yield f"{name}.{attribute}", function


PUBLIC = dict(_public())


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_a_docstring(name):
    """A docstring that names all its parameters, and says what comes back."""
    said = inspect.getdoc(PUBLIC[name]) or ""
    assert said, f"{name} has no docstring"
    if name in sklearn_gd.__all__ and "Attributes\n---" in said and "Parameters\n---" not in said:
        return  # made by the library, never by users
    for parameter in inspect.signature(PUBLIC[name]).parameters.values():
        if parameter.name != "self":
            assert re.search(rf"(^|[\s*,]){parameter.name}\b.* :", said), (name, parameter.name)


@pytest.mark.parametrize("name", sklearn_gd.__all__)
def test_every_public_property_is_among_the_attributes(name):
    """What can be read off an object is described with its class, or has a docstring."""
    thing = getattr(sklearn_gd, name)
    said = inspect.getdoc(thing)
    properties = inspect.getmembers(thing, lambda member: isinstance(member, property))
    unsaid = [p for p, member in properties if p[0] != "_" and not (member.__doc__ or p in said)]
    assert not unsaid


def test_the_api_page_lists_exactly_the_public_names():
    """api.rst and __all__ are one list."""
    listed = re.findall(
        r"^   (\w+)$", (DOCS / "api.rst").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert sorted(listed) == sorted(sklearn_gd.__all__)
    assert sorted(sklearn_gd.__all__) == list(sklearn_gd.__all__)


def _built_from(target):
    """The source of a page that the build makes, None where there is none."""
    if target.startswith("auto_examples/"):
        name = target.removeprefix("auto_examples/")
        return ROOT / "examples" / ("GALLERY_HEADER.rst" if name == "index" else f"{name}.py")
    return None


def _page_exists(target):
    source = _built_from(target)
    if source is not None:
        return source.exists()
    return any((DOCS / f"{target}{suffix}").exists() for suffix in (".rst", ".md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Relative links, :doc:, :ref:, includes, pictures and the tables of contents."""
    text = page.read_text(encoding="utf-8")
    broken = []
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not (page.parent / target).exists():
            broken.append(target)
    for target in re.findall(r":doc:`(?:[^`<]*<)?([^`>]+)>?`", text):
        if not _page_exists(target):
            broken.append(target)
    labels = {
        label
        for p in PAGES
        for label in re.findall(r"^\.\. _([^:]+):$", p.read_text(encoding="utf-8"), re.M)
    }
    broken += [t for t in re.findall(r":ref:`(?:[^`<]*<)?([^`>]+)>?`", text) if t not in labels]
    for target in re.findall(r"^\.\. (?:plot|include|image|figure):: (\S+)", text, re.MULTILINE):
        if not (page.parent / target).exists():
            broken.append(target)
    for block in re.findall(r"^\.\. toctree::\n((?:   .*\n|\n)+)", text + "\n", re.MULTILINE):
        entries = [line.strip() for line in block.splitlines() if line.strip()]
        # "Short title <page>" or "page"
        names = [re.sub(r".*<(.+)>", r"\1", e) for e in entries if not e.startswith(":")]
        broken += [name for name in names if not _page_exists(name)]
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page):
    """A file named in the text is somewhere in the repository."""
    text = page.read_text(encoding="utf-8")
    # A full stop ends a sentence, and addresses of others are theirs.
    text = re.sub(r"\w+://\S+", "", text)
    package = Path(sklearn_gd.__file__).parent
    parts = (package / folder for folder in ("_descent", "dask", "display"))
    places = (ROOT, page.parent, ROOT / "docs", package, *parts)
    # NAME stands for one that the reader chooses.
    named = {n for n in FILE_NAME.findall(text) if not n.startswith((*BUILT, "NAME"))}
    missing = []
    for name in sorted(named):
        inside = package.parent / name  # the package may be the installed one
        if not inside.exists() and not any((place / name).exists() for place in places):
            missing.append(name)
    assert not missing


@pytest.mark.parametrize("name", ["tutorial", "momentum"])
def test_both_tutorials_have_the_same_pictures_and_examples(name):
    """The Chinese page is a translation of the English one, not a relative."""
    files = (DOCS / f"{name}.rst", DOCS / f"{name}-zh.rst")
    pages = [file.read_text(encoding="utf-8") for file in files]
    formulas = r"^   ([^*\s].*\\.*)$"  # not the rows of tables
    for pattern in (r"^\.\. (?:plot|literalinclude):: (\S+)", r"^(?:>>>|\.\.\.) (.*)", formulas):
        first, second = (re.findall(pattern, page, re.MULTILINE) for page in pages)
        second = [line.replace(', language="zh"', "") for line in second]  # of `explain`
        assert first == second
    # Words on pictures are translated, so the Chinese page shows drawn ones below their scripts.
    scripts = re.findall(r"^\.\. literalinclude:: pictures/(\w+)\.py", pages[1], re.MULTILINE)
    assert re.findall(r"^\.\. image:: images/zh/(\w+)\.svg", pages[1], re.MULTILINE) == scripts


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_reference_begins_with_an_initial(page):
    """reStructuredText reads "A. Name" at the start of a paragraph as item A of a list."""
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"^\.\. \[\d+\] [A-Za-z]\. .*", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_contents_stand_at_the_side_only(page):
    """The theme lists a page's sections beside it; a second list repeats them."""
    assert ".. contents::" not in page.read_text(encoding="utf-8")


def test_every_page_is_in_the_menu():
    """Each page is an entry of the front page's table of contents or of a section's."""
    sections = [DOCS / f"{name}.rst" for name in ("index", "learn", "use", "understand")]
    text = "\n".join(section.read_text(encoding="utf-8") for section in sections)
    listed = set(re.findall(r"^   \S.*<(\S+)>$", text, re.MULTILINE))
    pages = {page.stem for page in PAGES if page.parent == DOCS}
    assert pages - {"index"} == listed - {"auto_examples/index"}


FAULTS = {
    "the page is": '<p style="width: 2000px">wide</p>',
    "is wider than the text": '<p style="width: 2000px">wide</p>',
    "scrolls unseen": f'<pre style="overflow: auto">{"x" * 2000}</pre>',
    "an output is cut": (
        f'<div class="sphx-glr-script-out"><pre style="overflow: auto">{"x" * 2000}</pre></div>'
    ),
    "a list in a reference": '<aside class="footnote"><ol type="A"><li>A. Name</li></ol></aside>',
    "a row of another length": (
        '<table class="table"><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>'
    ),
    "a row without a name": '<table class="table"><tr><td></td><td>b</td></tr></table>',
    "a cell that ends in the middle": '<table class="table"><tr><td>needed to</td></tr></table>',
    "limits over the sign": "<math><munder><mo>&#8721;</mo><mi>i</mi></munder></math>",
    "has a contrast of": '<p style="color: #777; background: #888">faint</p>',
}


def test_the_checks_of_the_site_notice(tmp_path, monkeypatch):
    """Each kind of fault in a page's layout is found, and a page without faults passes."""
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    from site_checks.browser import NoBrowser, browser, look
    from site_checks.pages import LAYOUT

    page = tmp_path / "page.html"
    try:
        with browser(install=False) as chrome:
            look(chrome, 400, "light")
            for said, markup in {"": "<p>plain</p>", **FAULTS}.items():
                text = f'<!doctype html><main class="bd-article">{markup}</main>'
                page.write_text(text, encoding="utf-8")
                chrome.get(page.as_uri())
                found = chrome.execute_script(LAYOUT)
                assert any(said in fault for fault in found) if said else not found, (said, found)
    except NoBrowser as why:
        pytest.skip(f"needs a browser: {why}")


def test_the_readme_has_its_slots():
    """The table of measured ratios is filled between two marks."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("<!-- measured:begin -->") == text.count("<!-- measured:end -->") == 1
