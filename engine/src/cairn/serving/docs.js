"use strict";
const MOST_LEVELS = 12;
const place = id => document.getElementById(id);
const cell = (name, text, attributes = {}) => Object.assign(document.createElement(name), { textContent: text, ...attributes });

function table(id, heads, rows) {
  const head = document.createElement("thead"), body = document.createElement("tbody");
  head.append(document.createElement("tr"));
  head.firstChild.append(...heads.map(text => cell("th", text, { scope: "col" })));
  for (const [first, ...others] of rows) {
    const row = document.createElement("tr");
    row.append(cell("th", first, { scope: "row" }), ...others.map((text, at) => cell("td", text, { className: heads[at + 1] === "Type" ? "type" : "" })));
    body.append(row);
  }
  place(id).replaceChildren(head, body);
}

const types = values => [values.type ?? [...new Set((values.enum ?? []).map(value => typeof value))]].flat().join(" or ");

function meaning(values) {
  const levels = (values.enum ?? values.examples ?? []).filter(level => level !== null);
  const listed = levels.slice(0, MOST_LEVELS).join(", ") + (levels.length > MOST_LEVELS ? `, and ${levels.length - MOST_LEVELS} more` : "");
  return [values.description, levels.length ? `${values.enum ? "one of" : "such as"} ${listed}` : ""].filter(Boolean).join("; ");
}

const example = values => (values.examples ?? values.enum ?? []).find(level => level !== null) ?? null;

// An object's properties, those of its parts beneath them
function parts(schema, prefix = "") {
  return Object.entries(schema.properties ?? {}).flatMap(([name, values]) => {
    const below = values.items?.type === "object" ? parts(values.items, `${prefix}${name}[].`) : [];
    return [[prefix + name, types(values), meaning(values.items?.enum ? { ...values.items, ...values } : values)], ...below];
  });
}

async function begin() {
  const known = await (await fetch("openapi.json")).json(), schemas = known.components.schemas;
  place("title").textContent = known.info.title;
  place("version").textContent = known.info.version;
  const columns = Object.entries(schemas.Row.properties);
  const row = Object.fromEntries(columns.map(([name, values]) => [name, example(values)]));
  const key = known.components.securitySchemes ? "  -H 'X-API-Key: ...' \\\n" : "";
  const body = JSON.stringify({ instances: [row], explain: true }, null, 2).replaceAll("'", "'\\''");
  place("request").textContent = `curl ${new URL("predict", location)} \\\n${key}  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
  table("paths", ["Address", "What it does", "Takes", "Answers with"], Object.entries(known.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, told]) => [`${method.toUpperCase()} ${path}`, told.summary ?? told.operationId,
      Object.keys(told.requestBody?.content ?? {}).join(", "), Object.keys(told.responses).join(", ")])));
  table("columns", ["Column", "Type", "Values"], columns.map(([name, values]) => [name, types(values), meaning(values)]));
  table("answer", ["Key", "Type", "What it is"], parts(schemas.Predicted));
  table("refused", ["Key", "Type", "What it is"], parts(schemas.Refused));
}

begin().catch(() => { place("trouble").textContent = "openapi.json cannot be read; load the page again."; });
