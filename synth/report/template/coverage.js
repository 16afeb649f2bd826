function coverageView() {
  const { levels, pairs } = facts.coverage;
  if (!levels.length) {
    $("pairs-h").nextElementSibling.hidden = true;
    $("pairs-h").hidden = true;
    return fill($("coverage-levels"), empty("There are no rows."));
  }
  const said = (facts.corpus.said.demand || []).map((text) => el("li", {}, sentence(text)));
  fill($("coverage-levels"), levelMap(levels), said.length ? el("ul", { class: "notes" }, said) : null);
  const draw = () => {
    const found = pairs[Number(family.value)];
    if (change.family !== family.value) {
      change.family = family.value;
      level.replaceChildren(el("option", { value: "all" }, "all levels"), ...found.levels.map((n, at) => el("option", { value: at }, `level ${n}`)));
    }
    fill($("pairs"), pairMap(found, level.value));
  };
  const change = { family: null };
  const [familyLabel, family] = choice("Family", pairs.map((found, at) => [at, found.family]), draw);
  const [levelLabel, level] = choice("Level", [["all", "all levels"]], draw);
  fill($("pairs-form"), familyLabel, levelLabel);
  draw();
}

// How many rows, and of how many that were requested, in each family and level.
function levelMap(levels) {
  const wanted = new Map((facts.funnel ? facts.funnel.levels : []).map((line) => [`${line.family} ${line.level}`, line]));
  const rows = new Map(levels.map((line) => [`${line.family} ${line.level}`, line.rows]));
  const pairs = [...wanted.values(), ...levels];
  const families = [...new Set(pairs.map((line) => line.family))].sort();
  const columns = [...new Set(pairs.map((line) => line.level))].sort((a, b) => a - b);
  const most = Math.max(...levels.map((line) => line.rows));
  const body = families.map((family) => el("tr", {}, el("th", { scope: "row" }, family), columns.map((level) => {
    const n = rows.get(`${family} ${level}`) || 0;
    const line = wanted.get(`${family} ${level}`);
    if (!n && !(line && line.requested)) return el("td", { class: "none" }, "–");
    const cell = el("td", { class: n ? (line && line.gap ? "gap" : null) : "missing" }, line && line.requested !== n ? `${number(n)} of ${number(line.requested)}` : number(n));
    cell.style.setProperty("--heat", n / most);
    return cell;
  }), el("td", { class: "none" }, number(sum(columns.map((level) => rows.get(`${family} ${level}`) || 0))))));
  const head = el("tr", {}, el("th", { scope: "col" }, "family"),
    columns.map((level) => el("th", { scope: "col" }, `level ${level}`)), el("th", { scope: "col" }, "all"));
  const gaps = [...wanted.values()].some((line) => line.gap) ? " A dashed frame is a gap: the run gave it up." : "";
  const left = facts.corpus.families_of - facts.corpus.families.length;
  const more = left ? ` The ${facts.corpus.families.length} largest of ${facts.corpus.families_of} families are shown.` : "";
  const caption = `Rows by family and level; the stronger the colour, the more. Where fewer than requested were made, both numbers stand.${gaps}${more}`;
  return region(caption, el("table", { class: "heat" }, el("thead", {}, head), el("tbody", {}, body)));
}

function pairMap(found, chosen) {
  const at = (counts) => (chosen === "all" ? sum(counts) : counts[Number(chosen)]);
  const names = found.features.map((feature) => feature.name);
  const own = found.features.map((feature) => at(feature.rows));
  const counts = new Map(found.pairs.map(([one, two, rows]) => [one * 1000 + two, at(rows)]));
  const apart = new Set(found.apart.map(([one, two]) => one * 1000 + two));
  const shown = names.map((_, place) => place).filter((place) => own[place]);
  const most = Math.max(1, ...own);
  const where = chosen === "all" ? "all levels" : `level ${found.levels[Number(chosen)]}`;
  const said = el("p", { class: "said", role: "status" }, "Choose a cell, or move with the arrow keys, to read it in words.");
  let missing = 0;
  const cells = shown.map((one, row) => shown.slice(0, row + 1).map((two) => {
    const key = one * 1000 + two;
    const n = one === two ? own[one] : counts.get(key) || 0;
    const never = one !== two && !n && apart.has(key);
    const cell = el("td", { tabindex: "-1", class: never ? "apart" : n ? null : "missing" }, never ? "×" : number(n));
    if (!n && !never) missing += 1;
    cell.style.setProperty("--heat", n / most);
    const both = one === two ? `${names[one]}: in ${many(n, "row")}` : never ? `${names[one]} + ${names[two]}: no problem can join them`
      : `${names[one]} + ${names[two]}: in ${many(n, "row")}, ${share(n, Math.min(own[one], own[two]))} of those with the rarer`;
    const levels = found.pairs.find(([a, b]) => a === one && b === two);
    const each = one === two ? found.features[one].rows : levels ? levels[2] : null;
    cell.addEventListener("focus", () => {
      const spread = chosen === "all" && each ? ` (${found.levels.map((level, i) => `level ${level}: ${number(each[i])}`).join(", ")})` : "";
      said.textContent = `${both}${spread}.`;
    });
    return cell;
  }));
  const head = el("tr", {}, el("td", { class: "none" }), shown.map((place) => el("th", { scope: "col" }, el("span", {}, names[place]))));
  const body = shown.map((place, row) => el("tr", {}, el("th", { scope: "row", title: names[place] }, names[place]), cells[row]));
  const cut = found.of > names.length ? ` The ${names.length} most frequent of ${found.of} features are shown.` : "";
  const caption = `${found.family}, ${where}: ${shown.length} features, ${many(missing, "pair")} that could be joined and are in no row.${cut}`;
  const made = el("table", { class: "heat pairs" }, el("thead", {}, head), el("tbody", {}, body));
  moves(cells);
  return [region(caption, made), said];
}

// One cell of a grid is in the tab order; arrow keys, Home and End move among all.
function moves(cells) {
  if (!cells.length) return;
  cells[0][0].tabIndex = 0;
  cells.forEach((line, row) => line.forEach((cell, column) => {
    const go = (event, y, x) => {
      const next = cells[Math.max(0, Math.min(cells.length - 1, y))];
      const target = next[Math.max(0, Math.min(next.length - 1, x))];
      event.preventDefault();
      target.focus();
    };
    cell.addEventListener("focus", () => {
      cells.flat().forEach((other) => { other.tabIndex = -1; });
      cell.tabIndex = 0;
    });
    cell.addEventListener("click", () => cell.focus());
    cell.addEventListener("keydown", (event) => {
      const steps = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
        Home: [row, 0], End: [row, line.length - 1] };
      if (steps[event.key]) go(event, ...steps[event.key]);
    });
  }));
}
