function overviewView() {
  const { corpus, funnel, variety, evidence, split } = facts;
  const rows = corpus.rows;
  $("title").textContent = rows ? `${many(rows, "proved problem")}` : "An empty corpus";
  const of = corpus.families_of;
  $("subtitle").textContent = `${many(of, "family", "families")}, read from ${kindOf[corpus.kind]}` +
    (corpus.seed === null ? "" : `, seed ${corpus.seed}`) + (corpus.done ? "" : "; the run is not finished");
  const tiles = [["Rows", number(rows), corpus.requested === null ? "" : `of ${number(corpus.requested)} requested`], ["Families", number(of), ""]];
  if (funnel) tiles.push(["Yield", share(funnel.accepted, funnel.proposed), `${number(funnel.accepted)} of ${number(funnel.proposed)} proposed`]);
  tiles.push(["Variety", `${nats(variety.nats)} nats`, `as ${many(Math.round(Math.exp(variety.nats)), "equally common cell")}, of ${number(variety.cells)} seen`]);
  tiles.push(["Claims", number(evidence.claims_total), "each with a certificate"]);
  const graded = sum(evidence.grades.map((line) => line.W));
  tiles.push(["Grade W", share(graded, sum(evidence.grades.map((line) => line.W + line.A))), "the kernel accepted every claim"]);
  if (funnel) tiles.push(["Lost", number(funnel.proposed - funnel.accepted), funnel.losses_of ? `for ${many(funnel.losses_of, "reason")}` : ""]);
  if (split) tiles.push(["Split", split.audit.ok ? "holds" : "leaks", `${many(split.audit.crossed, "crossing")}, ${number(split.audit.misplaced)} misplaced`]);
  fill($("tiles"), tiles.map(([name, figure, about]) => el("div", {}, el("dt", {}, name),
    el("dd", { class: "figure" }, figure), about ? el("dd", { class: "about" }, about) : null)));
  fill($("notes"), notes().map((text) => el("li", {}, text)));
  if (!corpus.sources.length) return fill($("sources"), empty("There are no rows."));
  fill($("sources"), table("Who solved the problem, and who wrote it", ["source", "rows", ""], corpus.sources.map(([name, n]) => [name, n, bar(n, rows)])));
}

// What a careful reader would ask about first, in sentences.
function notes() {
  const { corpus, funnel, answers, split } = facts;
  const found = [];
  if (!corpus.rows) found.push("There are no rows: nothing was accepted yet, or the files are empty.");
  if (funnel) {
    if (!funnel.done) found.push(`The run is not finished: ${number(funnel.accepted)} of ${number(funnel.requested)} rows.`);
    for (const line of funnel.levels.filter((each) => each.gap).slice(0, 8)) {
      found.push(`${line.family}, level ${line.level}, lacks ${many(line.requested - line.accepted, "row")}: ${line.gap}`);
    }
    const [worst] = funnel.losses;
    found.push(worst ? `Most problems were lost to “${worst.stage}: ${worst.reason}”: ${number(worst.problems)}.` : "No problem was lost.");
  } else {
    found.push(onlyRows);
  }
  const [flat] = answers.filter((line) => line.rows > 1).sort((a, b) => b.most[0][1] / b.rows - a.most[0][1] / a.rows);
  if (flat && flat.most[0][1] > 1) found.push(`The answer that is easiest to guess: “${flat.most[0][0]}” is right for ${share(flat.most[0][1], flat.rows)} of the rows of ${flat.family}.`);
  if (split && !split.audit.ok) found.push("The split leaks; see the view of the split.");
  const { demand, benchmarks } = corpus.said;
  return [...found, ...(demand || []).slice(0, 1).map(sentence), ...(benchmarks || []).map(sentence)];
}

const views = { overview: overviewView, funnel: funnelView, coverage: coverageView, evidence: evidenceView, answers: answersView, effort: effortView,
  split: splitView, concepts: conceptsView, rows: rowsView, refused: refusedView };
const drawn = new Set();

function open(name, moveFocus) {
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== `view-${name}`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!drawn.has(name)) {
    drawn.add(name);
    views[name]();
  }
  scrollable();
  const heading = $(`${name}-h`);
  document.title = `${heading.textContent} · Synth report`;
  if (moveFocus) {
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
}

function route(moveFocus) {
  const name = location.hash.slice(1);
  if (name in views) open(name, moveFocus);
  else if (!drawn.size) open("overview", false);
}

document.querySelector("nav").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const links = [...document.querySelectorAll("nav a")];
  const at = links.indexOf(event.target);
  if (!step || at < 0) return;
  event.preventDefault();
  links[(at + step + links.length) % links.length].focus();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  $("main").focus();
});
window.addEventListener("hashchange", () => route(true));
window.addEventListener("resize", scrollable);
overviewView();
drawn.add("overview");
open("overview", false);
route(false);
