
"use strict";
(() => {
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const rows = Array.from(document.querySelectorAll("#rows > details"));
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const [rule, scope] = [form.elements.rule.value, form.elements.scope.value];
    let count = 0;
    rows.forEach((row, index) => {
      const fits = (!rule || row.dataset.rule.split(" ").includes(rule)) && (!scope || row.dataset.scope.split(" ").includes(scope));
      row.hidden = !fits || !words.every((word) => texts[index].includes(word));
      count += row.hidden ? 0 : 1;
    });
    shown.value = words.length || rule || scope ? `${count} of ${rows.length} families` : "";
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
