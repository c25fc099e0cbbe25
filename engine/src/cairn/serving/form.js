"use strict";
const MOST_LEVELS = 40, MOST_CLASSES = 8, MOST_COLUMNS = 10;  // that are listed one by one
const place = id => document.getElementById(id);
const make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made) made[key] = value; else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

const figure = value => new Intl.NumberFormat("en", { maximumSignificantDigits: Math.abs(value) >= 1000 ? 6 : 4 }).format(value).replace("-", "−");
const share = value => new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: value > 0.001 && value < 0.999 ? 1 : 3 }).format(value);
const signed = (value, digits) => new Intl.NumberFormat("en", { signDisplay: "exceptZero", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value).replace("-", "−");
const breakable = name => name.split(/(?<=_)/).flatMap(part => [part, make("wbr")]);
const day = days => new Date(days * 86400000).toISOString().slice(0, 10);

let about = null, asked = 0, answered = false;

// The form

function control(column) {
  const typical = column.typical ?? "";
  const levels = column.kind === "boolean" ? ["true", "false"] : column.categories;
  if (levels && levels.length <= MOST_LEVELS) {
    const option = level => make("option", { value: level, textContent: level, defaultSelected: level === String(typical) });
    return [make("select", {}, ...levels.map(option), make("option", { value: "", textContent: "missing" }))];
  }
  if (levels) {
    const input = make("input", { type: "text", defaultValue: typical, placeholder: "missing", autocomplete: "off" });
    const list = make("datalist", { id: `levels-${column.name}` }, ...levels.map(level => make("option", { value: level })));
    input.setAttribute("list", list.id);
    return [input, list];
  }
  if (column.kind === "time") {
    const whole = Number.isInteger(column.low) && Number.isInteger(column.high);
    return [make("input", { type: whole ? "date" : "datetime-local", defaultValue: whole ? typical : typical && `${typical}T12:00` })];
  }
  const whole = Number.isInteger(column.low) && Number.isInteger(column.high);
  const shown = typical === "" ? "" : whole ? Math.round(typical) : Number(typical.toPrecision(4));
  return [make("input", { type: "text", inputMode: "decimal", defaultValue: shown, placeholder: "missing", autocomplete: "off" })];
}

function hint(column) {
  if (column.kind === "number") return `${figure(column.low)} – ${figure(column.high)}`;
  if (column.kind === "time") return `${day(column.low)} – ${day(column.high)}`;
  return column.categories?.length > MOST_LEVELS ? `${column.categories.length} levels` : "";
}

function field(column, number) {
  const [input, ...more] = control(column), id = `field-${number}`;
  Object.assign(input, { id, name: column.name });
  input.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  return make("div", { className: "field" },
    make("label", { htmlFor: id }, ...breakable(column.name)),
    make("span", { className: "hint", id: `${id}-hint`, textContent: hint(column) }),
    input, ...more, make("p", { className: "error", id: `${id}-error` }));
}

function given(column, number) {
  const text = place(`field-${number}`).value.trim();
  if (text === "") return null;
  if (column.kind === "boolean") return text === "true";
  if (column.kind === "number") return Number.isFinite(Number(text)) ? Number(text) : text;
  return text;
}

function mark(number, message) {
  const id = typeof number === "string" ? number : `field-${number}`;
  place(id).setAttribute("aria-invalid", String(Boolean(message)));
  place(`${id}-error`).textContent = message;
}

// The answer

function bar(size, scale, isSigned) {
  const filled = make("div", { className: size < 0 ? "bar less" : "bar" }), width = 100 * Math.abs(size) / (scale || 1);
  filled.style.width = `${isSigned ? width / 2 : width}%`;
  if (isSigned) filled.style.left = `${size < 0 ? 50 - width / 2 : 50}%`;
  return make("td", { className: isSigned ? "track axis" : "track", ariaHidden: "true" }, make("div", {}, filled));
}

function chart(caption, rows, isSigned) {
  const scale = isSigned ? Math.max(...rows.map(row => Math.abs(row.size))) : 1;
  return make("table", { className: "chart" }, make("caption", {}, ...caption), make("tbody", {}, ...rows.map(row =>
    make("tr", {}, make("th", { scope: "row" }, ...breakable(row.name), make("span", { className: "value", textContent: row.value === undefined ? "" : ` = ${row.value}` })),
      bar(row.size, scale, isSigned), make("td", { className: "size", textContent: row.shown })))));
}

function probabilities(answer) {
  const rows = about.classes.map((name, at) => ({ name: String(name), size: answer.probabilities[0][at] }));
  if (rows.length > MOST_CLASSES) rows.sort((a, b) => b.size - a.size).splice(MOST_CLASSES);
  for (const row of rows) row.shown = share(row.size);
  return chart([make("span", { className: "visually-hidden", textContent: "Probabilities" })], rows, false);
}

function driven(told, row) {
  const rows = Object.entries(told.contributions).map(([name, value]) => ({ name, value: row[name] === null ? "missing" : String(row[name]), size: value }));
  rows.sort((a, b) => Math.abs(b.size) - Math.abs(a.size));
  const others = rows.splice(rows.length > MOST_COLUMNS + 1 ? MOST_COLUMNS : rows.length);
  if (others.length) rows.push({ name: `${others.length} other columns`, size: others.reduce((sum, each) => sum + each.size, 0) });
  const scale = told.unit === "probability" ? 100 : 1, largest = scale * Math.max(...rows.map(row => Math.abs(row.size)), 1e-9);
  const digits = Math.min(9, Math.max(0, 2 - Math.floor(Math.log10(largest)) - (scale === 100)));
  for (const each of rows) each.shown = signed(each.size * scale, digits) + (scale === 100 ? " pp" : "");
  const [against, towards] = "class" in told ? [`against “${told.class}”`, `for “${told.class}”`] : ["lowers it", "raises it"];
  const legend = make("p", { className: "soft" }, make("span", { className: "key less", ariaHidden: "true" }), ` ${against}`,
    make("span", { className: "key", ariaHidden: "true" }), ` ${towards}`);
  return chart([make("h3", { textContent: "What drove it" }), make("p", { className: "soft", textContent: sum(told) }), legend], rows, true);
}

function sum(told) {
  const total = Object.values(told.contributions).reduce((all, each) => all + each, told.base);
  if (told.unit === "probability") return `On average the model gives “${told.class}” ${share(told.base)}; these percentage points lead to ${share(total)}.`;
  if (told.unit === "target unit") return `On average the model says ${figure(told.base)}; these lead to ${figure(total)}.`;
  if (about.classes.length > 2) return `On average the model gives “${told.class}” log-odds of ${signed(told.base, 2)}; these lead to ${signed(total, 2)}.`;
  const chance = odds => `${share(1 / (1 + Math.exp(-odds)))} (log-odds ${signed(odds, 2)})`;
  return `On average the model gives “${told.class}” ${chance(told.base)}; these lead to ${chance(total)}.`;
}

function show(answer, row, note) {
  const told = answer.predictions[0], isNumber = about.classes === null, parts = [];
  const text = isNumber ? figure(told) : String(told);
  const sure = isNumber ? "" : share(answer.probabilities[0][about.classes.indexOf(told)]);
  parts.push(make("p", { className: "answer" }, make("strong", { id: "answer", textContent: text }), sure && ` with a probability of ${sure}`));
  if (isNumber && about.interval) {
    parts.push(make("p", { className: "soft", textContent: `9 of 10 rows are between ${figure(told + about.interval[0])} and ${figure(told + about.interval[1])}` }));
  }
  if (!isNumber) parts.push(probabilities(answer));
  if (answer.explanations) parts.push(driven(answer.explanations[0], row));
  if (note) parts.push(make("p", { className: "soft", textContent: `No explanation: ${note}` }));
  place("result").replaceChildren(...parts);
  place("status").textContent = `${about.target}: ${text}${sure && `, with a probability of ${sure}`}`;
}

function refuse(status, answer, isExplicit) {
  const known = new Map(about.columns.map((column, number) => [column.name, number]));
  const here = (answer.details ?? []).filter(trouble => known.has(trouble.column));
  for (const { column, message } of here) mark(known.get(column), message.replace(`${column}: `, ""));
  if (status === 401) {
    place("key").hidden = false;
    mark("key-field", place("key-field").value ? "This key is not the server’s." : "The server wants a key.");
  }
  const line = status === 401 ? "A key is wanted." : here.length ? `${here.length === 1 ? "One value needs" : `${here.length} values need`} another look.` : answer.error;
  place("trouble").replaceChildren(make("p", { className: "trouble", textContent: line }));
  place("result").replaceChildren();
  if (isExplicit) place("form").querySelector("[aria-invalid=true]")?.focus();
}

// Asking

async function post(row, explain) {
  const headers = { "Content-Type": "application/json" };
  if (place("key-field").value) headers["X-API-Key"] = place("key-field").value;
  const response = await fetch("predict", { method: "POST", headers, body: JSON.stringify({ instances: [row], explain }) });
  return { status: response.status, answer: await response.json() };
}

async function ask(isExplicit) {
  const number = ++asked, row = Object.fromEntries(about.columns.map((column, at) => [column.name, given(column, at)]));
  place("result").ariaBusy = "true";
  let told, note = "";
  try {
    told = await post(row, true);
    if (told.status !== 200 && told.status !== 401 && !told.answer.details?.length) {
      note = told.answer.error;  // an older model cannot be explained, and predicts all the same
      told = await post(row, false);
    }
  } catch {
    told = { status: 0, answer: { error: "The server cannot be reached; try again." } };
  }
  if (number !== asked) return;
  place("result").ariaBusy = "false";
  about.columns.forEach((_, at) => mark(at, ""));
  mark("key-field", "");
  place("trouble").replaceChildren();
  if (told.status !== 200) return refuse(told.status, told.answer, isExplicit);
  answered = true;
  show(told.answer, row, note);
  if (isExplicit) place("result").parentElement.scrollIntoView({ block: "nearest" });
}

async function begin() {
  about = await (await fetch("info")).json();
  document.title = `Predict ${about.target}`;
  place("title").replaceChildren("Predict ", make("em", { textContent: about.target }));
  const { name, version, stage } = about.model;
  place("model").textContent = [name, version ?? "from a folder", stage].filter(Boolean).join(" · ");
  const figures = Object.entries(about.metrics).filter(([, value]) => typeof value === "number").slice(0, 3);
  place("about").textContent = figures.map(([metric, value]) => `${metric.replaceAll("_", " ")} ${figure(value)}`).join(" · ");
  place("fields").append(...about.columns.map(field));
  place("form").addEventListener("submit", event => { event.preventDefault(); ask(true); });
  place("form").addEventListener("change", () => { if (answered) ask(false); });
  place("form").addEventListener("reset", () => { if (answered) setTimeout(ask, 0, false); });
}

begin().catch(() => place("trouble").replaceChildren(make("p", { className: "trouble", textContent: "The model cannot be reached; load the page again." })));
