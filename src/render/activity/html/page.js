
"use strict";
(() => {
  const tables = Array.from(document.querySelectorAll("table.sortable"));
  const rows = tables.flatMap((table) => Array.from(table.tBodies[0].rows));
  const key = (row, index, numeric) => {
    const cell = row.cells[index];
    return numeric ? Number(cell.dataset.k) : cell.textContent;
  };
  const sort = (table, header, index) => {
    const numeric = "k" in (table.tBodies[0].rows[0].cells[index].dataset);
    const before = header.getAttribute("aria-sort");
    const up = before ? before === "descending" : !numeric;
    const order = Array.from(table.tBodies[0].rows);
    order.sort((a, b) => {
      const [one, other] = [key(a, index, numeric), key(b, index, numeric)];
      return (up ? 1 : -1) * (numeric ? one - other : one.localeCompare(other, "en", { numeric: true }));
    });
    table.tBodies[0].append(...order);
    header.parentNode.querySelectorAll("[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
  };
  tables.forEach((table) => {
    Array.from(table.tHead.rows[0].cells).forEach((header, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, header, index));
      header.append(button);
    });
  });
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    texts.forEach((text, row) => {
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    });
    shown.value = words.length ? `${count} of ${texts.size} rows` : "";
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
