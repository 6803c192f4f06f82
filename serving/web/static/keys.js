// Keyboard shortcuts: each presses a visible button or follows a visible link.
(() => {
  const all = (query) => [...document.querySelectorAll(query)];
  const root = document.documentElement;

  // Stops of J and K: the links of a queue's rows, or the cards of a brand's questions.
  const move = (step) => {
    const stops = all("[data-stop]");
    if (!stops.length) return false;
    const at = stops.findIndex((stop) => stop.contains(document.activeElement));
    const next = stops[at < 0 ? 0 : Math.max(0, Math.min(stops.length - 1, at + step))];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: next.matches("a") ? "nearest" : "start" });
    return true;
  };

  const press = (key) => {
    const target = all("[data-key]").find((found) => found.dataset.key === key && !found.disabled);
    if (target?.matches("input[type=search]")) target.focus(); else target?.click();
    if (target?.matches("summary")) target.focus(); // The next Tab leads into the form that it opened.
    return Boolean(target);
  };

  // Ticks the focused row, or its whole cluster.
  const tick = (whole) => {
    const row = document.activeElement?.closest("tr");
    const box = row?.querySelector("input[name=case]");
    if (!box) return false;
    const cluster = whole ? row.dataset.cluster : undefined;
    const boxes = cluster ? all(`tr[data-cluster="${cluster}"] input[name=case]`) : [box];
    const on = !boxes.every((one) => one.checked);
    boxes.forEach((one) => { one.checked = on; });
    return true;
  };

  const act = (key) => {
    if (key === "?") { document.getElementById("keys")?.togglePopover(); return true; }
    if (press(key)) return true;
    if (key === "x" || key === "a") return tick(key === "a");
    if (key === "j") return move(1);
    if (key === "k") return move(-1);
    const inTable = all("tr [data-stop]").length > 0;
    if (inTable && key === "arrowdown") return move(1);
    if (inTable && key === "arrowup") return move(-1);
    return false;
  };

  addEventListener("keydown", (event) => {
    if (event.target.matches("input:not([type=checkbox]), select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    if (key.length === 1 && root.dataset.letterKeys === "off") return;
    // A key that repeats must not decide one case after another.
    if (event.repeat && !["j", "k", "arrowdown", "arrowup"].includes(key)) return;
    if (act(key)) event.preventDefault();
  });

  // A second press before the next page arrives would be a second decision.
  addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  for (const box of all("[data-keys-switch]")) {
    box.addEventListener("change", () => {
      root.dataset.letterKeys = box.checked ? "on" : "off";
      const fields = new URLSearchParams(new FormData(box.form));
      fields.set("letter_keys", root.dataset.letterKeys);
      fetch(box.form.action, { method: "POST", body: fields, redirect: "manual" });
    });
  }
})();
