// Moves to the next case without waiting: it prefetches the next page, shows it as soon as the user decides, and sends
// decisions one after another. Without this script each step loads a page of its own.
(() => {
  const LOOK = "touchstone-look", FLOW = "touchstone-flow", PAGE = "text/html";
  const OLD_MS = 300_000; // An older prefetched page may be outdated.
  const BOUNCE_MS = { key: 150, pointer: 500 }; // A second press this soon was meant for the last case.
  const here = () => document.getElementById("case");
  const form = () => here().querySelector("form[data-answer]");
  const now = () => performance.now();
  const place = () => location.pathname + location.search;

  let ahead = null; // { address, at, found }: found becomes { page, title } or null.
  let last = { at: -Infinity, word: "" };
  let pointer = false;
  let sending = null;
  let shown = place(); // The address of the case on the screen; after Back the location already differs.
  const answers = []; // Decisions in transit, the oldest first.
  let answered = null; // The last recorded decision, with its page, to show again after an undo.

  // ---- drafts of notes are kept until they are recorded
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
    // Paint the page before the next request.
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
    if (here().dataset.case === id) { drafts.keep(); location.replace(address); } // That page shows the state of the case.
  };

  // ---- decisions
  const sent = () => { send(); return sending; };
  const send = () => { sending ??= drain().finally(() => { sending = null; }); };
  const drain = async () => {
    for (; answers.length; answers.shift()) {
      const one = answers[0];
      const refusal = await record(one);
      if (refusal) bringBack(one, refusal);
    }
  };
  // Sends a form; returns the text and the link of a refusal, or the undo line of a recorded decision.
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
    const texts = [page.querySelector("main p"), page.querySelector("h1")].map((found) => found?.textContent ?? "");
    return { refusal: [`Not recorded: ${texts[0] || "something failed."}`, texts[1] && `${texts[1]}.`, "Open case", address] };
  };
  const record = async (one) => {
    const { refusal, line } = await post(one.url, one.body, one.address);
    if (refusal) return refusal;
    drafts.forget(one.id, "note");
    answered = one;
    if (answers.length === 1) say(line);
    return null;
  };
  const undo = async (given, one) => {
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
    if (old) old.replaceWith(fresh); else document.querySelector("header.bar").after(fresh);
    window.htmx?.process(fresh);
  };
  const sayRecording = (word, listing) => {
    const line = document.getElementById("recording").content.cloneNode(true).firstElementChild;
    line.querySelector("b").textContent = word;
    line.querySelector(".mono").textContent = listing;
    // Undo waits until the decision is recorded.
    line.querySelector("button").addEventListener("click", async () => {
      await sent();
      document.querySelector("#undo form [data-key=z]")?.click();
    });
    say(line);
  };
  const bringBack = (one, refusal) => {
    drafts.keep();
    put(one.page, one.title, one.address);
    last = { at: now(), anyMs: BOUNCE_MS.pointer }; // An immediate press was meant for the last case.
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
  // The brand is named before "counterfeit": the card says so, opens its form and takes the focus.
  const askForBrand = () => {
    const card = document.getElementById("brand");
    card.querySelector("details").open = true;
    const needed = card.querySelector("[data-needed]");
    needed.hidden = false;
    needed.focus({ preventScroll: true });
    card.scrollIntoView({ block: "start" });
  };
  const answer = async (given, button) => {
    const one = {
      id: here().dataset.case, url: given.action, page: here(), title: document.title,
      address: shown, body: new URLSearchParams(new FormData(given, button)),
    };
    const { address, found } = ahead;
    const next = await found;
    if (!next) { await sent(); given.dataset.plain = "1"; delete given.dataset.sent; given.requestSubmit(button); return; }
    drafts.keep(); // Until the decision is recorded.
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
      event.preventDefault(); // Record decisions before the page unloads.
      sent().then(() => location.assign(link.href));
    }
  });
  addEventListener("submit", (event) => {
    const given = event.target;
    if (!event.defaultPrevented && answered && given.matches("#undo form") && new URL(given.action).pathname === `/cases/${answered.id}/undo`) {
      event.preventDefault();
      undo(given, answered);
      return;
    }
    if (event.defaultPrevented || given.dataset.plain) return;
    if (given === form() && given.dataset.brand === "needed" && event.submitter?.value === "counterfeit") {
      event.preventDefault();
      delete given.dataset.sent;
      askForBrand();
      return;
    }
    if (given !== form() && answers.length) { // Record decisions before the page unloads.
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
    await sent(); // Record decisions before the page unloads; a refusal has already restored its case.
    if (place() !== shown) location.reload();
  });

  drafts.restore();
  look();
})();
