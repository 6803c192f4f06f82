// Runs before first paint, so that the page never flashes. Signed in, the page itself says which theme was chosen and the
// switch keeps the choice with the person; elsewhere this browser remembers. Without script the switch is a plain form.
(() => {
  const root = document.documentElement;
  const isSet = () => root.dataset.theme === "light" || root.dataset.theme === "dark";
  if (!root.dataset.theme) {
    try { root.dataset.theme = localStorage.getItem("theme") ?? ""; } catch { /* storage may be off */ }
  }
  addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) button.hidden = false;
  });
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-toggle]");
    if (!button) return;
    event.preventDefault();
    const dark = isSet() ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it holds for this page */ }
    if (button.type !== "submit") return;  // It may stand in a form about something else, as that of signing in.
    const fields = new URLSearchParams(new FormData(button.form));
    fields.set("theme", root.dataset.theme);
    fetch(button.form.action, { method: "POST", body: fields, redirect: "manual", keepalive: true }); // Whoever goes on at once keeps it too.
  });
})();
