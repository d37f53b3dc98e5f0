// Heads of tables become buttons that sort; without this script the tables are as they were written.
"use strict";
document.querySelectorAll("table.sorts").forEach((table) => {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];

  function number(cell) {
    const text = cell.dataset.value ?? cell.textContent.replace(/,/g, "").replace(/^[\s<(+]+/, "");
    return Number.parseFloat(text);
  }

  // What says nothing comes last, whichever way is sorted.
  function compared(a, b, numeric, sign) {
    if (numeric) {
      const [x, y] = [number(a), number(b)];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
      return sign * (x === y ? 0 : x - y);
    }
    const [x, y] = [a.textContent.trim(), b.textContent.trim()];
    if (!x || !y) return !x - !y;
    return sign * x.localeCompare(y, "en", { numeric: true });
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows];
      const known = (row) => row.cells[column].dataset.value !== undefined;
      const numeric = head.classList.contains("number") || rows.some(known);
      rows.sort((a, b) => compared(a.cells[column], b.cells[column], numeric, down ? -1 : 1));
      body.append(...rows);
    });
  });
});
