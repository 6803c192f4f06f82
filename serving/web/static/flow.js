// From one case to the next without waiting: the next page is fetched while this one is read and shown at once when an
// answer is given, and answers are sent one after another. Without this script each step loads a page of its own.
(() => {
  const LOOK = "touchstone-look", FLOW = "touchstone-flow", PAGE = "text/html";
  const OLD_MS = 300_000; // A page that was fetched longer ago may say too little of what happened since.
  const BOUNCE_MS = { key: 150, pointer: 500 }; // A second press so soon was meant for the case before.
  const here = () => document.getElementById("case");
  const form = () => here().querySelector("form[data-answer]");
  const now = () => performance.now();
  const place = () => location.pathname + location.search;

  let ahead = null; // { address, at, found }: found becomes { page, title } or null.
  let last = { at: -Infinity, word: "" };
  let pointer = false;
  let sending = null;
  let shown = place(); // Where the case on the screen is; after Back the address is already another.
  const answers = []; // Given and not yet recorded, the oldest first.
  let answered = null; // The last that was recorded, with its page, to be shown again when it is taken back.

  // ---- what somebody has written is kept until it is recorded
  const drafts = {
    fields: () => [...here().querySelectorAll("textarea[name]")],
    of: (id, name) => `draft:${id}:${name}`,
    keep() {
      for (const { name, value } of this.fields()) {
        try { if (value) sessionStorage.setItem(this.of(here().dataset.case, name), value); } catch { /* lost with the page */ }
      }
    },
    restore() {
      for (const field of this.fields()) {
        try { field.value ||= sessionStorage.getItem(this.of(here().dataset.case, field.name)) ?? ""; } catch { /* none kept */ }
      }
    },
    forget(id, name) { try { sessionStorage.removeItem(this.of(id, name)); } catch { /* none kept */ } },
  };

  // ---- the next case
  const read = async (answer) => {
    if (!answer.ok || answer.redirected) return null;
    const parsed = new DOMParser().parseFromString(await answer.text(), PAGE);
    const page = parsed.getElementById("case");
    return page && { page: document.adoptNode(page), title: parsed.title };
  };
  const look = () => {
    const address = here().dataset.ahead;
    if (!address) { ahead = null; return; }
    const onTheirWay = [here().dataset.case, ...answers.map((one) => one.id)].join();
    const found = fetch(address, { headers: { accept: PAGE, [LOOK]: onTheirWay } }).then(read).catch(() => null);
    ahead = { address, at: now(), found };
  };
  const ready = () => ahead !== null && now() - ahead.at < OLD_MS;
  const put = (page, title, address) => {
    here().replaceWith(page);
    document.title = title;
    history.pushState(null, "", address);
    shown = place();
    scrollTo(0, 0);
    window.htmx?.process(page);
    drafts.restore();
  };
  const show = (found, address) => {
    put(found.page, found.title, address);
    last.at = now();
    here().querySelector("h1").focus({ preventScroll: true });
    // First the page is painted, then the service is asked for anything.
    setTimeout(() => { send(); hold(form(), address); look(); });
  };
  const hold = async (shownForm, address) => {
    if (!shownForm) return;
    const id = here().dataset.case;
    const body = new URLSearchParams(new FormData(shownForm));
    const answer = await fetch(`/cases/${id}/lease`, { method: "POST", body, headers: { accept: PAGE, [FLOW]: "1" } })
      .catch(() => null);
    if (here().dataset.case !== id || answer === null) return;
    if (answer.ok) { document.getElementById("lease").outerHTML = await answer.text(); return; }
    await sent();
    if (here().dataset.case === id) { drafts.keep(); location.replace(address); } // It says what has become of the case.
  };

  // ---- answers
  const sent = () => { send(); return sending; };
  const send = () => { sending ??= drain().finally(() => { sending = null; }); };
  const drain = async () => {
    for (; answers.length; answers.shift()) {
      const one = answers[0];
      const refusal = await record(one);
      if (refusal) bringBack(one, refusal);
    }
  };
  // Sends a form; what was refused comes back as the words and the link of a note, what was done as the line to undo it.
  const post = async (url, body, address) => {
    let answer;
    try {
      answer = await fetch(url, { method: "POST", body, headers: { accept: PAGE, [FLOW]: "1" }, keepalive: true });
    } catch {
      return { refusal: ["The service did not answer.", "Open the case to check whether the decision was recorded.", "Open case", address] };
    }
    const page = new DOMParser().parseFromString(await answer.text(), PAGE);
    if (answer.ok) return { line: page.getElementById("undo") };
    if (answer.status === 401) {
      const back = `/sign-in?next=${encodeURIComponent(address)}`;
      return { refusal: ["You are signed out. The decision was not recorded.", "Your note is still in this window.", "Sign in", back] };
    }
    const said = [page.querySelector("main p"), page.querySelector("h1")].map((found) => found?.textContent ?? "");
    return { refusal: [`Not recorded: ${said[0] || "something failed."}`, said[1] && `${said[1]}.`, "Load the case", address] };
  };
  const record = async (one) => {
    const { refusal, line } = await post(one.url, one.body, one.address);
    if (refusal) return refusal;
    drafts.forget(one.id, "note");
    answered = one;
    if (answers.length === 1) say(line);
    return null;
  };
  const takeBack = async (given, one) => {
    const { refusal, line } = await post(given.action, new URLSearchParams(new FormData(given)), one.address);
    if (refusal) { delete given.dataset.sent; tell("refused", refusal); return; }
    answered = null;
    drafts.keep();
    put(one.page, one.title, one.address);
    delete form().dataset.sent;
    say(line);
    tell("undone", []);
    last = { at: now(), word: "" };
    hold(form(), one.address);
    look();
  };
  const say = (line) => {
    if (!line) return;
    const fresh = document.adoptNode(line);
    const old = document.getElementById("undo");
    if (old) old.replaceWith(fresh); else document.body.append(fresh);
    window.htmx?.process(fresh);
  };
  const sayRecording = (word, offer) => {
    const line = document.getElementById("recording").content.cloneNode(true).firstElementChild;
    line.querySelector("b").textContent = word;
    line.querySelector(".mono").textContent = offer;
    // What is not recorded yet can be taken back as soon as it is.
    line.querySelector("button").addEventListener("click", async () => {
      await sent();
      document.querySelector("#undo form [data-key=z]")?.click();
    });
    say(line);
  };
  const bringBack = (one, refusal) => {
    drafts.keep();
    put(one.page, one.title, one.address);
    last = { at: now(), anyMs: BOUNCE_MS.pointer }; // Whatever is pressed at once was meant for the case that was shown.
    document.getElementById("undo")?.replaceChildren();
    delete form().dataset.sent;
    tell("refused", refusal);
    look();
  };
  const tell = (kind, [bold, text, link, address]) => {
    const note = document.getElementById(kind).content.cloneNode(true).firstElementChild;
    if (bold) {
      note.querySelector("b").textContent = bold;
      note.querySelector("span span").textContent = text;
      note.querySelector("a").textContent = link;
      note.querySelector("a").href = address;
    }
    const notes = here().querySelector(".notes");
    notes.querySelector(":scope > [data-told]")?.remove();
    notes.prepend(note);
    note.focus();
  };
  const answer = async (given, button) => {
    const one = {
      id: here().dataset.case, url: given.action, page: here(), title: document.title,
      address: shown, body: new URLSearchParams(new FormData(given, button)),
    };
    const { address, found } = ahead;
    const next = await found;
    if (!next) { await sent(); given.dataset.plain = "1"; delete given.dataset.sent; given.requestSubmit(button); return; }
    drafts.keep(); // Until it is recorded.
    answers.push(one);
    last = { at: now(), word: button.value };
    show(next, address);
    sayRecording(button.dataset.word, given.dataset.answer);
  };

  addEventListener("click", (event) => { pointer = event.detail > 0; }, true);
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.matches("#case a[data-key=j]") && ready() && link.getAttribute("href") === ahead.address) {
      event.preventDefault();
      const { address, found } = ahead;
      found.then((next) => { drafts.keep(); if (next) show(next, address); else location.assign(address); });
    } else if (answers.length && !link.hash) {
      event.preventDefault(); // What was answered is recorded before the page goes.
      sent().then(() => location.assign(link.href));
    }
  });
  addEventListener("submit", (event) => {
    const given = event.target;
    if (!event.defaultPrevented && answered && given.matches("#undo form") && new URL(given.action).pathname === `/cases/${answered.id}/undo`) {
      event.preventDefault();
      takeBack(given, answered);
      return;
    }
    if (event.defaultPrevented || given.dataset.plain) return;
    if (given !== form() && answers.length) { // What was answered is recorded before the page goes.
      event.preventDefault();
      sent().then(() => { delete given.dataset.sent; given.requestSubmit(event.submitter); });
    }
    if (given !== form()) {
      for (const field of given.querySelectorAll("textarea[name]")) drafts.forget(here().dataset.case, field.name);
      return;
    }
    if (!event.submitter) return;
    const again = last.anyMs ?? (event.submitter.value === last.word ? BOUNCE_MS[pointer ? "pointer" : "key"] : 0);
    if (now() - last.at < again) {
      event.preventDefault();
      delete given.dataset.sent;
      return;
    }
    if (!ready()) return;
    event.preventDefault();
    answer(given, event.submitter);
  });
  addEventListener("beforeunload", (event) => { if (answers.length) event.preventDefault(); });
  addEventListener("popstate", async () => {
    if (place() === shown) return;
    await sent(); // What was answered is recorded before the page goes; what was refused has brought its case back.
    if (place() !== shown) location.reload();
  });

  drafts.restore();
  look();
})();
