import hashlib
import json

import pytest

from serving.web.headers import FOLDER, static_address
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import a_visitor, visit_as

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    "path", ["/sign-in", "/queue", "/nothing", "/healthz", "/api/v1/cases", "/static/keys.js", "/"]
)
def test_every_answer_tells_the_browser_to_trust_nothing_else(site: Site, path: str) -> None:
    headers = a_visitor(site).get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_body_that_is_too_large_gets_the_headers_too(site: Site) -> None:
    answer = a_visitor(site).client.post("/sign-in", headers={"content-length": "99999999"}, content=b"")
    assert answer.status_code == 413
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("path", ["/queue", "/models", "/nothing"])
def test_pages_are_not_kept(site: Site, path: str) -> None:
    assert visit_as(site, site.analyst).get(path).headers["cache-control"] == "no-store"


def test_a_static_file_is_kept_for_a_year_under_the_digest_of_its_content(site: Site) -> None:
    visitor = a_visitor(site)
    response = visitor.get(static_address("touchstone.css"))
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"].startswith("text/css")
    assert visitor.get("/static/touchstone.css").headers["cache-control"] == "no-cache"
    assert visitor.get("/static/nothing.css?v=1").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("keys.js", "text/javascript"), ("mark.svg", "image/svg+xml"), ("vendor/htmx-4.0.1.min.js", "text/javascript")],
)
def test_static_files_say_what_they_are(site: Site, name: str, kind: str) -> None:
    assert a_visitor(site).get(static_address(name)).headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    ("path", "compressed"), [("/queue", True), ("/static/touchstone.css", True), ("/healthz", False)]
)
def test_what_is_long_is_compressed_for_who_accepts_it(site: Site, path: str, compressed: bool) -> None:
    visitor = visit_as(site, site.analyst)
    plain = visitor.get(path, **{"accept-encoding": "identity"})
    packed = visitor.get(path, **{"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert (packed.headers.get("content-encoding") == "gzip") is compressed
    assert packed.headers.get("vary", "").lower().count("accept-encoding") == 1 or not compressed
    assert len(packed.text) == len(plain.text)
    if compressed:
        assert packed.num_bytes_downloaded < len(plain.content) / 3


def test_no_static_file_lies_outside_of_its_folder(site: Site) -> None:
    for path in ("/static/../rendering.py", "/static/%2e%2e/rendering.py", "/static/..%2frendering.py"):
        assert a_visitor(site).get(path).status_code == 404


def test_third_party_files_are_those_of_the_manifest() -> None:
    vendor = FOLDER / "vendor"
    manifest = json.loads((vendor / "manifest.json").read_text(encoding="utf-8"))
    listed = {name: digest for package in manifest for name, digest in package["files"].items()}
    file_names = {path.name for path in vendor.iterdir()} - {"manifest.json"}
    assert set(listed) == file_names
    for name, digest in listed.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest, name
    for package in manifest:
        assert package["name"]
        assert package["version"]
        assert package["licence"]
