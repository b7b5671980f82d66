// Dense tables by keyboard, and the department tree. Without this file everything is there, expanded.

// Up and down move between the rows of a table marked data-rows; Enter opens the row's first link.
for (const table of document.querySelectorAll("table[data-rows]")) {
  const rows = () => [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.hidden);
  const first = rows()[0];
  if (first) first.tabIndex = 0;
  table.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    if (!row || event.target.matches("input, select, textarea")) return;
    const all = rows();
    const to = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = to ? all[all.indexOf(row) + to] : { Home: all[0], End: all.at(-1) }[event.key];
    if (next) {
      event.preventDefault();
      for (const other of all) other.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === "Enter" && event.target === row) row.querySelector("a")?.click();
  });
}

// Rows carry data-id and data-parent (the id above). A row with children gets a button; depth 0 starts open, deeper ones closed.
for (const tree of document.querySelectorAll("table.tree")) {
  const rows = [...tree.querySelectorAll("tr[data-id]")];
  const open = new Set(rows.filter((row) => !row.dataset.parent).map((row) => row.dataset.id));
  const byId = new Map(rows.map((row) => [row.dataset.id, row]));
  const seen = (row) => !row.dataset.parent || (open.has(row.dataset.parent) && seen(byId.get(row.dataset.parent)));
  const show = () => {
    for (const row of rows) {
      row.hidden = !seen(row);
      row.querySelector(".toggle")?.setAttribute("aria-expanded", open.has(row.dataset.id));
    }
  };
  for (const row of rows) {
    if (!rows.some((other) => other.dataset.parent === row.dataset.id)) continue;
    const button = tree.querySelector("template").content.firstElementChild.cloneNode(true);
    button.setAttribute("aria-label", `${button.getAttribute("aria-label")}: ${row.dataset.name}`);
    button.addEventListener("click", () => {
      if (!open.delete(row.dataset.id)) open.add(row.dataset.id);
      show();
    });
    row.querySelector(".leaf").replaceWith(button);
  }
  show();
}

