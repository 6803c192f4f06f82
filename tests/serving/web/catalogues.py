"""The texts of pages as the source has them, and the catalogues of the other languages.

`python -m tests.serving.web.catalogues` puts new texts into the catalogues and takes out those that are used no longer;
what is left to translate is then empty in them. With ISO 639 codes it begins catalogues of these languages too.
"""

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

import serving.mail
import serving.web
from models.messages.english import translated_sentences, without_forms
from serving.brands.rules.certification import questions
from serving.platform.languages import FOLDER, Language, languages
from serving.web.wording.glossary import TERMS
from tests.serving.web.refusals import shown_refusals

WEB: Final = Path(serving.web.__path__[0])
MAIL: Final = Path(serving.mail.__path__[0])
OTHERS: Final = languages()[1:]
_WIDTH: Final = 120
# When the catalogues were begun.
_BEGUN: Final = datetime(2026, 7, 1, tzinfo=UTC)
_KEYWORDS: Final = {"N_": None, "NN_": (1, 2), "gettext": None, "ngettext": (1, 2), "say": None, "say_many": (1, 2)}
_TEMPLATES: Final = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false", "trim_blocks": "true"}


def texts_of_the_source() -> Catalog:
    """Every text that is marked for translation."""
    catalog = Catalog()
    for path in sorted([*WEB.rglob("*.py"), *(WEB / "templates").rglob("*.html"), *MAIL.rglob("*.py")]):
        method, options = ("python", {}) if path.suffix == ".py" else ("jinja2.ext:babel_extract", _TEMPLATES)
        for _line, message, _comments, _context in extract_from_file(method, path, _KEYWORDS, options=options):
            catalog.add(message)
    for sentence in translated_sentences().values():
        forms = tuple(without_forms(form) for form in (sentence.text, sentence.other) if form is not None)
        catalog.add(forms if len(forms) > 1 else forms[0])
    for text in shown_refusals():
        catalog.add(text)
    for question in questions():
        for text in (question.text, *question.options, question.because):
            catalog.add(text)
    for term in TERMS:
        for text in (term.name, term.definition) if term.is_translated else ():
            catalog.add(text)
    return catalog


def catalogue(language: Language) -> Catalog:
    """What translators made of them."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def update(language: Language) -> None:
    """Update a catalogue to the texts of the source; translations stay."""
    path = FOLDER / f"{language}.po"
    catalog = catalogue(language) if path.exists() else Catalog(locale=language)
    catalog.update(texts_of_the_source(), no_fuzzy_matching=True)
    catalog.header_comment = f"# Touchstone: {catalog.locale.get_display_name('en')}."
    catalog.project, catalog.version, catalog.fuzzy = "Touchstone", "", False
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
    catalog.creation_date = catalog.revision_date = _BEGUN  # A catalogue with the same texts is the same file.
    written = BytesIO()
    write_po(written, catalog, no_location=True, width=_WIDTH, ignore_obsolete=True, sort_output=True)
    # Reading sets the flags of a message again.
    path.write_bytes(b"".join(line for line in written.getvalue().splitlines(True) if not line.startswith(b"#,")))


if __name__ == "__main__":
    for language in (*OTHERS, *(Language(code) for code in sys.argv[1:])):
        update(language)
