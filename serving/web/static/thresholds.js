// Moves the two thresholds of the model page: a slider beside each field, and figures that follow. Without this script the
// form asks the page for them.
(() => {
  const form = document.querySelector("form[data-curve]");
  if (!form) return;
  const points = form.dataset.curve.split(";").map((one) => one.split(",").map(Number));
  const volume = Number(form.dataset.volume);
  const fields = { ask: form.elements.ask, analyst: form.elements.analyst };
  const hundredths = (field) => Math.min(99, Math.max(1, Math.round(100 * Number(field.value)) || 1));
  const many = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

  const show = () => {
    const ask = points[hundredths(fields.ask) - 1], both = points[hundredths(fields.analyst) - 1];
    const lanes = { ask, analyst: both.map((value, index) => value - ask[index]), both };
    for (const [key, [flagged, hits, recall]] of Object.entries(lanes)) {
      const [load, precision, found] = document.querySelectorAll(`tr[data-lane=${key}] td`);
      load.textContent = many.format(flagged * volume);
      precision.textContent = flagged > 0 ? (hits / flagged).toFixed(2) : "none";
      found.textContent = recall.toFixed(2);
    }
  };
  const moved = (name) => {
    const other = name === "ask" ? "analyst" : "ask";
    const [ask, analyst] = [hundredths(fields.ask), hundredths(fields.analyst)];
    if (analyst > ask) fields[other].value = fields[name].value; // Brands are asked about the most suspicious alone.
    for (const [key, slider] of Object.entries(sliders)) slider.value = fields[key].value;
    show();
  };

  const sliders = {};
  for (const [name, field] of Object.entries(fields)) {
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: "0.01", max: "0.99", step: "0.01", value: field.value });
    slider.setAttribute("aria-label", field.labels[0].textContent.trim());
    slider.addEventListener("input", () => { field.value = Number(slider.value).toFixed(2); moved(name); });
    field.addEventListener("input", () => { if (field.validity.valid) moved(name); });
    field.closest(".field").after(slider);
    sliders[name] = slider;
  }
  form.querySelector("button").hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
})();
