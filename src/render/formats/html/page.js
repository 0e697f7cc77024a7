
"use strict";
(() => {
  const form = document.getElementById("filters");
  const rows = Array.from(document.querySelectorAll("#rows tr"));
  if (form) {
    const shown = document.getElementById("shown");
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const filter = () => {
      const wanted = new FormData(form);
      const words = String(wanted.get("text")).toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row, index) => {
        const fits = ["severity", "rule", "state"].every((name) => {
          const value = wanted.get(name);
          return !value || row.dataset[name] === value;
        });
        row.hidden = !fits || !words.every((word) => texts[index].includes(word));
        count += row.hidden ? 0 : 1;
      });
      shown.value = `${count} of ${rows.length} shown`;
    };
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    filter();
  }
  const closed = [];
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open])").forEach((details) => {
      details.open = true;
      closed.push(details);
    });
  });
  window.addEventListener("afterprint", () => {
    closed.splice(0).forEach((details) => {
      details.open = false;
    });
  });
})();
