#!/bin/sh
# Makes sure of what Python packages cannot bring: installs it when root on Debian, else says what is missing.
# Usage: system.sh run | test | soak | pictures | venv PYTHON
set -eu

missing=""
want() { missing="$missing $1"; }
has() { command -v "$1" >/dev/null 2>&1; }
has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }
# Chromium without a window loads our pages in a third of the time; the whole browser does where it cannot be installed.
want_browser() {
    # The driver of Playwright is linked against it.
    has_library 'libatomic\.so\.1' || want libatomic1
    has chromium-headless-shell && return
    if [ "$(id -u)" = 0 ] || ! has chromium; then want chromium-headless-shell; fi
}

case "${1:-run}" in
run | test)
    has_library 'libgomp\.so\.1' || want libgomp1
    ;;
esac
case "${1:-run}" in
test)
    want_browser
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || want postgresql
    # For the client in JavaScript of docs/examples.
    has node || want nodejs
    # The fonts that tests/browser/fonts.conf names.
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf ] || want fonts-dejavu-core
    [ -e /usr/share/fonts/truetype/wqy/wqy-microhei.ttc ] || want fonts-wqy-microhei
    ;;
soak)
    # For the linter of the contract and the TypeScript client made from it.
    has npm || want npm
    # For the load balancer of docs/operating.md.
    has haproxy || want haproxy
    ;;
pictures)
    want_browser
    fc-list 2>/dev/null | grep -q 'Inter' || want fonts-inter
    fc-list :lang=zh 2>/dev/null | grep -q . || want fonts-wqy-microhei
    ;;
venv)
    if [ -z "${2:-}" ] || ! "$2" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "Touchstone needs Python 3.11 or later." >&2
        exit 1
    fi
    "$2" -c 'import ensurepip, venv' 2>/dev/null || want "python3-venv"
    ;;
esac

[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$missing" >&2
    apt-get update -qq >/dev/null
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
fi
echo "Missing:$missing. As root on Debian: apt-get install$missing" >&2
exit 1
