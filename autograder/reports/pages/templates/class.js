"use strict";
{
  const table = document.getElementById("submissions");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const [text, status, part] = ["text", "status", "part"].map((id) => document.getElementById(id));
  const [shown, noMatch] = ["shown", "no-match"].map((id) => document.getElementById(id));
  const firstPart = 3;
  const collator = new Intl.Collator(undefined, { numeric: true });

  const value = (row, column) => {
    const cell = row.cells[column];
    const data = cell.querySelector("data");
    return data ? Number(data.value) : cell.textContent.trim();
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

  const sort = (column) => {
    const numeric = heads[column].classList.contains("number");
    const before = heads[column].getAttribute("aria-sort");
    const descending = before ? before === "ascending" : numeric;
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
    const keyed = rows.map((row) => [value(row, column), row]);
    keyed.sort(([a], [b]) => (descending ? compare(b, a) : compare(a, b)));
    body.append(...keyed.map(([, row]) => row));
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(column));
    head.append(button);
  });

  const words = rows.map((row) => row.textContent.toLowerCase());
  const filter = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, number) => {
      const fits =
        wanted.every((word) => words[number].includes(word)) &&
        (!status.value || row.dataset.status === status.value ||
          (status.value === "person" && "person" in row.dataset)) &&
        (!part.value || !row.cells[firstPart + Number(part.value)].classList.contains("all"));
      row.hidden = !fits;
      count += fits;
    });
    shown.textContent = `${count} of ${rows.length}`;
    noMatch.hidden = count > 0;
  };
  for (const one of [text, status, part]) one.addEventListener("input", filter);
  document.querySelector(".filters").hidden = false;
  // What a browser kept of an earlier look.
  filter();
}
