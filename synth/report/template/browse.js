const PAGE = 25;

// A list that is searched: choices narrow it, words must all occur somewhere in an item.
function browser(name, found, options) {
  const form = $(`${name}-form`);
  const body = $(`${name}-body`);
  if (!found.items.length) return fill(body, empty(options.none));
  const texts = found.items.map((item) => wordsOf(item).toLowerCase());
  const search = el("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const choices = options.choices.map(({ label, of, any }) => {
    const values = [...new Set(found.items.map(of))].sort((a, b) => (typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0));
    const [labelled, select] = choice(label, [["", any], ...values.map((value) => [value, String(value)])], () => show(PAGE));
    return { labelled, select, of };
  });
  const checks = (options.checks || []).map(({ label, holds }) => {
    const box = el("input", { type: "checkbox" });
    box.addEventListener("change", () => show(PAGE));
    return { labelled: el("label", { class: "check" }, box, label), box, holds };
  });
  const count = el("p", { class: "quiet", role: "status" });
  const list = el("div", { class: "list" });
  const more = el("button", { type: "button" });
  let shown = PAGE;

  function show(most) {
    shown = most;
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = found.items.filter((item, place) =>
      choices.every(({ select, of }) => !select.value || String(of(item)) === select.value) &&
      checks.every(({ box, holds }) => !box.checked || holds(item)) && wanted.every((word) => texts[place].includes(word)));
    list.replaceChildren(...hits.slice(0, most).map((item) => entry(item, options)));
    list.hidden = !hits.length;
    const of = found.shown < found.of ? `This page holds ${number(found.shown)} of ${number(found.of)}.` : found.of === 1 ? "This page holds the one there is." : `This page holds all ${number(found.of)}.`;
    count.textContent = hits.length === found.shown ? of : `${many(hits.length, "match", "matches")}. ${of}`;
    more.hidden = hits.length <= most;
    more.textContent = `Show ${Math.min(PAGE, hits.length - most)} more of ${number(hits.length)}`;
  }
  more.addEventListener("click", () => {
    const last = list.children.length;
    show(shown + PAGE);
    list.children[last].querySelector("summary").focus();
  });
  search.addEventListener("input", () => show(PAGE));
  form.addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("keydown", (event) => {
    if (event.target.tagName !== "SUMMARY" || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const item = event.target.parentElement;
    const next = event.key === "ArrowDown" ? item.nextElementSibling : item.previousElementSibling;
    if (!next) return;
    event.preventDefault();
    next.firstElementChild.focus();
  });
  fill(form, el("label", { class: "wide" }, "Search", search), choices.map((each) => each.labelled), checks.map((each) => each.labelled));
  fill(body, count, list, more);
  show(PAGE);
}

function wordsOf(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? Object.values(value).map(wordsOf).join("\n") : String(value);
}

// The body of an entry is made when it is opened first.
function entry(item, options) {
  const summary = el("summary", {}, el("span", {}, el("span", { class: "about" }, options.about(item)), options.line(item)));
  const made = el("details", { class: "item" }, summary);
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) {
      made.append(el("div", { class: "body" }, options.body(item)));
      scrollable();
    }
  });
  return made;
}

const block = (title, text, kind) => (text ? [el("h4", {}, title), el("pre", { class: kind }, text)] : []);

function rowBody(row) {
  const claims = row.claims.map((claim) => el("div", { class: "claim" },
    el("p", {}, el("strong", {}, claim.role), ` (${claim.form}, grade ${claim.grade}) ${claim.from ? `from ${claim.from}` : "from the whole theory"}`),
    el("dl", {}, el("dt", {}, "claim"), el("dd", {}, el("pre", {}, claim.goal)), el("dt", {}, "certificate"), el("dd", {}, el("pre", {}, claim.certificate)))));
  const left = row.claims_of - row.claims.length;
  return [block("Solution", row.solution), block("Answer", row.answer), block("Formal text", row.formal), block("Theory: what the question says", row.theory),
    el("h4", {}, `Claims, each with its certificate${left ? ` (${row.claims.length} of ${row.claims_of})` : ""}`), claims,
    el("p", { class: "quiet" }, `Row ${row.id}, drawn as ${row.source}; source: ${row.made_by}. What it depends on: `, el("code", {}, `synth graph why ${row.id}`))];
}

function refusedBody(row) {
  return [block("Counterexample", row.counterexample, "counter"), block("Detail", row.detail), block("The problem in the formal language", row.formal),
    block(row.stage === "try" ? "The answer that was refused" : "The answer", row.formal_answer), block("What was written", row.text),
    row.counterexample ? null : el("p", { class: "quiet" }, "No counterexample: none was sought for this reason, or none was found."),
    el("p", { class: "quiet" }, `Written by ${row.made_by}, drawn as ${row.source}. What became of it: `, el("code", {}, `synth graph why ${row.source}`))];
}

function rowsView() {
  browser("rows", facts.rows, {
    none: "There are no rows.",
    choices: [{ label: "Family", of: (row) => row.family, any: "all" }, { label: "Level", of: (row) => row.level, any: "all" },
      { label: "Side", of: (row) => row.split, any: "both" }],
    about: (row) => `${row.family}, level ${row.level}, ${row.split}, ${many(row.steps, "step")}`,
    line: (row) => el("span", { class: "line" }, row.question),
    body: rowBody,
  });
}

function refusedView() {
  browser("refused", facts.refused, {
    none: facts.corpus.kind === "run" ? "Nothing was refused." : onlyRows,
    choices: [{ label: "Family", of: (row) => row.family, any: "all" }, { label: "Level", of: (row) => row.level, any: "all" },
      { label: "Reason", of: (row) => `${row.stage}: ${row.reason}`, any: "all" }],
    checks: [{ label: "with a counterexample", holds: (row) => row.counterexample }],
    about: (row) => `${row.family}, level ${row.level}, ${row.stage}: ${row.reason}`,
    line: (row) => el("span", { class: "line formal" }, (row.stage === "try" && (row.formal_answer || row.text)) || row.formal || row.text || row.detail || "nothing was kept of it"),
    body: refusedBody,
  });
}
