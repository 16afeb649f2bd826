// Elements, tables and choices. Text only ever becomes text: nothing here reads markup.
const facts = JSON.parse(document.getElementById("facts").textContent);
const $ = (id) => document.getElementById(id);

function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) made.append(child);
  return made;
}

function fill(target, ...children) {
  target.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  scrollable();
}

const number = (n) => n.toLocaleString("en-US");
const nats = (n) => (n === null ? "not known" : n.toFixed(3).replace("-0.000", "0.000").replace("-", "−"));
const signed = (n) => (n === null ? "not known" : n > 0.0005 ? "+" + nats(n) : nats(n));
const share = (n, of) => (of ? ((100 * n) / of).toFixed(n && n / of < 0.001 ? 2 : 1) + " %" : "–");
const many = (n, one, more) => `${number(n)} ${n === 1 ? one : more || one + "s"}`;
const sum = (values) => values.reduce((a, b) => a + b, 0);

function bar(n, most) {
  const drawn = el("i");
  drawn.style.width = most ? `${((100 * n) / most).toFixed(2)}%` : "0";
  return el("td", { class: "bar", "aria-hidden": "true" }, drawn);
}

// A table; `rows` are lists of cells. Numbers stand on the right, the first cell names its row. Options: `right`, columns
// of figures that are text; `text`, columns of long text; `group`, if rows that begin alike are grouped; `tall`, if it
// scrolls; `wrap`, if names are long.
function table(caption, head, rows, options = {}) {
  const kinds = head.map((name, column) => {
    if ((options.text || []).includes(column)) return "t";
    if ((options.right || []).includes(column) || rows.some((row) => typeof row[column] === "number")) return "n";
    return rows.some((row) => row[column] && row[column].className === "bar") ? "bar" : null;
  });
  const body = rows.map((row, place) => {
    const cells = row.map((cell, column) => {
      if (!column && options.group) return first(rows, place);
      if (cell instanceof HTMLTableCellElement) return cell;
      const text = typeof cell === "number" ? number(cell) : cell;
      return column ? el("td", { class: kinds[column] }, text) : el("th", { scope: "row", class: kinds[column] }, text);
    });
    return el("tr", { class: row.kind }, cells);
  });
  const heads = head.map((text, column) => el("th", { scope: "col", class: kinds[column] }, text));
  const shape = [head.length > 4 ? "wide" : "", options.wrap ? "wrap" : ""].join(" ").trim();
  const made = el("table", { class: shape || null }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, body));
  return region(caption, made, options.tall);
}

// The first cell of a row stands for all rows after it that begin alike.
function first(rows, place) {
  const name = rows[place][0];
  if (place && rows[place - 1][0] === name) return null;
  const end = rows.findIndex((row, other) => other > place && row[0] !== name);
  return el("th", { scope: "rowgroup", rowspan: (end < 0 ? rows.length : end) - place }, name);
}

let captions = 0;

// What may be wider than the page, under its caption: it scrolls in a place of its own.
function region(caption, content, tall) {
  const id = `caption-${(captions += 1)}`;
  if (content instanceof HTMLTableElement) content.setAttribute("aria-labelledby", id);
  return el("figure", {}, el("figcaption", { id }, caption),
    el("div", { class: tall ? "scroll tall" : "scroll", role: "region", "aria-labelledby": id }, content));
}

// What is wider than its place can be reached and scrolled by keyboard.
function scrollable() {
  for (const box of document.querySelectorAll(".scroll, pre")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

function choice(label, options, change) {
  const select = el("select", {}, options.map(([value, text]) => el("option", { value }, text)));
  select.addEventListener("change", change);
  return [el("label", {}, label, select), select];
}

// What the command line prints as a line, as a sentence; the name of a family keeps its small letter.
function sentence(text) {
  const first = facts.corpus.families.some((name) => text.startsWith(name)) ? text[0] : text[0].toUpperCase();
  return first + text.slice(1) + (/[.?!)]$/.test(text) ? "" : ".");
}

const empty = (text) => el("p", { class: "note" }, text);
const kindOf = { run: "the folder of a run", export: "an export", file: "a file of rows" };
const onlyRows = `This report was made from ${kindOf[facts.corpus.kind]}, which holds rows only. What was refused is ` +
  "booked in the folder of the run; make the report from there to see it.";
