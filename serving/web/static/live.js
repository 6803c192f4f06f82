// Polls the parts that a page marks, and only while the page is visible.
(() => {
  const EVERY = 8000;
  const look = () => {
    if (document.hidden) return;
    document.querySelectorAll("[data-look]").forEach((part) => part.dispatchEvent(new CustomEvent("look")));
  };
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
