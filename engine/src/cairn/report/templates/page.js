// What stands under the pointer, or is reached by the arrow keys, says its figures. All else works without a script.
const tip = document.getElementById("tip");
const spoken = document.getElementById("spoken");
let shown = null;

function show(mark) {
  shown?.classList.remove("shown");
  shown = mark;
  tip.hidden = !mark;
  if (!mark) return;
  mark.classList.add("shown");
  tip.textContent = mark.dataset.tip;
  const box = mark.getBoundingClientRect();
  const middle = box.left + box.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(8, Math.min(middle, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${box.top > tip.offsetHeight + 12 ? box.top - tip.offsetHeight - 8 : box.bottom + 8}px`;
}

function nearest(drawing, event) {
  let best = null, least = 40;
  for (const mark of drawing.querySelectorAll("[data-tip]")) {
    const box = mark.getBoundingClientRect();
    const across = Math.max(box.left - event.clientX, 0, event.clientX - box.right);
    const down = Math.max(box.top - event.clientY, 0, event.clientY - box.bottom);
    const far = Math.hypot(across, down);
    if (far < least) [best, least] = [mark, far];
  }
  return best;
}

for (const drawing of document.querySelectorAll(".drawing")) {
  drawing.addEventListener("pointermove", (event) => show(nearest(drawing, event)));
  drawing.addEventListener("pointerdown", (event) => show(nearest(drawing, event)));
  drawing.addEventListener("pointerleave", () => show(null));
  drawing.addEventListener("blur", () => show(null));
  drawing.addEventListener("keydown", (event) => {
    const marks = [...drawing.querySelectorAll("[data-tip]")];
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key === "Escape") return show(null);
    if (!marks.length || !(event.key in steps)) return;
    event.preventDefault();
    const at = marks.indexOf(shown);
    const to = at < 0 ? (steps[event.key] > 0 ? 0 : marks.length - 1) : at + steps[event.key];
    show(marks[(to + marks.length) % marks.length]);
    spoken.textContent = tip.textContent;
  });
}
addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

// A table that is sortable gets a button in each heading; one that is filterable a field above it.
const worth = (row, at) => {
  const cell = row.cells[at], text = cell.dataset.value ?? cell.textContent.trim();
  return text === "" || Number.isNaN(+text) ? text : +text;
};
function compare(one, other) {
  if (one === "" || other === "") return (one === "") - (other === "");
  return typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other), "en", { numeric: true });
}
function sort(table, heading) {
  const at = heading.cellIndex, body = table.tBodies[0];
  const turned = heading.ariaSort === "ascending" ? -1 : 1;
  table.querySelectorAll("th[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
  heading.ariaSort = turned > 0 ? "ascending" : "descending";
  const rows = [...body.rows].map((row) => [worth(row, at), row]);
  rows.sort(([one], [other]) => (one === "" || other === "" ? compare(one, other) : turned * compare(one, other)));
  body.append(...rows.map(([, row]) => row));
}
for (const table of document.querySelectorAll("table.sortable")) {
  for (const heading of table.tHead.rows[0].cells) {
    if (heading.dataset.sort === "none") continue;
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, heading));
    heading.append(button);
  }
}
for (const table of document.querySelectorAll("table.filterable")) {
  const label = document.createElement("label"), field = document.createElement("input");
  field.type = "search";
  label.className = "filter";
  label.append("Show only rows with", field);
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase().split(/\s+/), rows = [...table.tBodies[0].rows];
    rows.forEach((row) => { row.hidden = !wanted.every((each) => row.textContent.toLowerCase().includes(each)); });
    spoken.textContent = `${rows.filter((row) => !row.hidden).length} rows`;
  });
  table.parentElement.before(label);
}

// On paper nothing can be opened.
const closed = () => [...document.querySelectorAll("details:not([open])")];
let opened = [];
addEventListener("beforeprint", () => { opened = closed(); opened.forEach((each) => { each.open = true; }); });
addEventListener("afterprint", () => opened.forEach((each) => { each.open = false; }));
