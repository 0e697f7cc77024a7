
"use strict";
(() => {
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const sections = Array.from(document.querySelectorAll(".requirement")).map((section) => ({
    section,
    title: section.querySelector("h3").textContent.toLowerCase(),
    groups: Array.from(section.querySelectorAll("tr[data-verdict]")).map((row) => ({ row, text: row.textContent.toLowerCase() })),
    table: section.querySelector(".scroll"),
  }));
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdict = form.elements.verdict.value;
    const isFiltered = words.length > 0 || verdict !== "";
    let count = 0;
    let all = 0;
    sections.forEach(({ section, title, groups, table }) => {
      let inSection = 0;
      groups.forEach(({ row, text }) => {
        const fits = (!verdict || row.dataset.verdict === verdict) && words.every((word) => text.includes(word) || title.includes(word));
        row.hidden = !fits;
        inSection += fits ? 1 : 0;
      });
      all += groups.length;
      count += inSection;
      section.hidden = isFiltered && inSection === 0;
      if (table) table.hidden = inSection === 0;
    });
    shown.value = isFiltered ? `${count} of ${all} findings` : "";
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
