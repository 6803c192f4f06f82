// Asks now and then for what a page says can be asked for, and not while nobody sees it.
(() => {
  const EVERY = 8000;
  const look = () => {
    if (document.hidden) return;
    document.querySelectorAll("[data-look]").forEach((part) => part.dispatchEvent(new CustomEvent("look")));
  };
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
