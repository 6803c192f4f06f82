// Runs before first paint, so that the page never flashes. For signed-in users the page names the theme, and the switch
// saves it in their settings; otherwise this browser stores it. Without script the switch is a plain form.
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
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* applies to this page only */ }
    if (button.type !== "submit") return;  // The form around it may have another purpose, such as sign-in.
    const fields = new URLSearchParams(new FormData(button.form));
    fields.set("theme", root.dataset.theme);
    fetch(button.form.action, { method: "POST", body: fields, redirect: "manual", keepalive: true }); // keepalive: the choice survives immediate navigation.
  });
})();
