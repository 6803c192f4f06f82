"""What is told of pages that would need a script, and of those that do not."""

import pytest

from tests.browser.markup import needs_script


def takes(method: str, address: str) -> bool:
    return (method, address.partition("?")[0]) in {("GET", "/queue"), ("POST", "/undo")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<form method=post action=/undo><input name=a><button>Go</button></form>", ""),
        ("<form action=/queue><input name=q></form>", ""),  # Enter sends a form of one field.
        ("<form id=f method=post action=/undo></form><button form=f>Go</button>", ""),
        ("<button form=f>Go</button><form id=f method=post action=/undo></form>", ""),  # The form may come later.
        ("<button type=button hidden>Theme</button>", ""),  # A script shows it.
        ("<button popovertarget=keys type=button>Keys</button>", ""),  # The browser's own.
        ("<template><button type=button>Undo</button></template>", ""),
        ("<a href=/queue?lane=audit>Audit</a><a href=#main>Skip</a><a href=mailto:a@example.org>A</a>", ""),
        ("<a href=https://tsdr.uspto.gov/#caseNumber=1>x</a>", ""),  # A register of rights.
        ("<a href=http://tsdr.uspto.gov/#caseNumber=1>x</a>", "a link to nowhere"),
        ("<form action=/queue><input name=a><input name=b></form>", "without a button"),
        ("<form action=/queue><button type=button>Go</button></form>", "that only a script hears"),
        ("<form method=post action=/queue><button>Go</button></form>", "a form to nowhere: POST /queue"),
        ("<form action=/queue><button formaction=/nowhere>Go</button></form>", "a form to nowhere: GET /nowhere"),
        ("<button type=button>Go</button>", "that only a script hears"),
        ("<a href=/nowhere>x</a>", "a link to nowhere"),
        ("<a href=https://evil.example>x</a>", "a link to nowhere"),
    ],
)
def test_what_does_nothing_without_script_is_found(source: str, expected: str) -> None:
    faults = " ".join(needs_script(source, "/queue", takes))
    assert (expected in faults) if expected else not faults, faults
