// Keyboard shortcuts of the focused card: its letters work only there, so that nobody answers a card out of view.
// After an answer or an undo the next card gets the focus.
(() => {
  const WHERE = "touchstone-card";
  const cards = () => [...document.querySelectorAll("article[data-stop]")];
  const held = () => cards().findIndex((card) => card.contains(document.activeElement));

  const arm = () => {
    const at = held();
    cards().forEach((card, index) => {
      for (const button of card.querySelectorAll("[data-card-key]")) {
        if (index === at) button.dataset.key = button.dataset.cardKey; else delete button.dataset.key;
      }
    });
  };
  addEventListener("focusin", arm);
  addEventListener("focusout", () => setTimeout(arm));

  addEventListener("submit", (event) => {
    const index = cards().findIndex((card) => card.contains(event.target));
    const undoes = event.target.action.endsWith("/undo");
    try { if (index >= 0 || undoes) sessionStorage.setItem(WHERE, String(Math.max(index, 0))); } catch { /* storage is off */ }
  });

  try {
    const kept = sessionStorage.getItem(WHERE);
    sessionStorage.removeItem(WHERE);
    const all = cards();
    if (kept !== null && all.length) {
      const next = all[Math.min(Number(kept), all.length - 1)];
      next.focus({ preventScroll: Number(kept) === 0 });
      if (Number(kept) > 0) next.scrollIntoView({ block: "start" });
    }
  } catch { /* storage is off */ }
  arm();
})();
