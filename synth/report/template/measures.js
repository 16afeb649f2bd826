function evidenceView() {
  const { grades, claims, claims_total: total } = facts.evidence;
  if (!grades.length) return fill($("evidence-body"), empty("There are no rows."));
  const most = Math.max(...claims.map((line) => line.claims));
  const lines = claims.map((line) => [line.role, line.form, line.body, line.grade, line.claims, bar(line.claims, most)]);
  fill($("evidence-body"),
    el("p", {}, "A row of grade W has a certificate that the kernel accepted for every claim. In a row of grade A, something rests on the " +
      "agreement of two independent solvers."),
    table("Grades of rows", ["family", "W: witness", "A: agreement", "W of all"],
      grades.map((line) => [line.family, line.W, line.A, share(line.W, line.W + line.A)]), { right: [3], tall: grades.length > 24 }),
    el("h3", {}, "Claims and what shows them"),
    table(`${many(total, "claim")}, each with a certificate`, ["role", "form", "certificate", "grade", "claims", ""], lines, { tall: lines.length > 30, group: true }));
}

function answersView() {
  const found = facts.answers;
  if (!found.length) {
    $("answers-most").previousElementSibling.previousElementSibling.hidden = true;
    return fill($("answers-table"), empty("There are no rows."));
  }
  const lines = found.map((line) => [line.family, line.rows, line.distinct, nats(line.nats), nats(Math.log(line.rows)), line.most[0][0], share(line.most[0][1], line.rows)]);
  fill($("answers-table"), table("Different answers and their entropy; it is highest where no two rows have the same answer",
    ["family", "rows", "different answers", "nats", "at most", "most common answer", "share"], lines, { right: [3, 4, 6], text: [5], tall: lines.length > 24 }));
  const draw = () => {
    const line = found[Number(family.value)];
    const top = line.most[0][1];
    const shown = line.most.map(([answer, n]) => [answer, n, share(n, line.rows), bar(n, top)]);
    const rest = line.rows - sum(line.most.map(([, n]) => n));
    if (rest) shown.push([`${many(line.distinct - line.most.length, "other answer")}`, rest, share(rest, line.rows), el("td", {})]);
    fill($("answers-most"), table(`${line.family}: the most common of ${many(line.distinct, "answer")}`, ["answer", "rows", "share", ""], shown, { right: [2], wrap: true }));
  };
  const [label, family] = choice("Family", found.map((line, at) => [at, line.family]), draw);
  fill($("answers-form"), label);
  draw();
}

const measured = {
  certificates: ["Certificates of a row", "bytes"], claims: ["Claims of a row", "claims"], steps: ["Steps of a solution", "steps"],
  formal: ["Formal text of a problem", "characters"],
};

function effortView() {
  const { levels, histograms, pass_rates: rates } = facts.effort;
  if (!levels.length) return fill($("effort-body"), empty("There are no rows."));
  const drawn = Object.entries(measured).map(([name, [title, unit]]) => {
    const bins = histograms[name];
    const most = Math.max(...bins.map(([, , n]) => n));
    const lines = bins.map(([from, to, n]) => [from === to ? number(from) : `${number(from)} to ${number(to)}`, n, bar(n, most)]);
    return table(title, [unit, "rows", ""], lines, { right: [0] });
  });
  const lines = levels.map((line) => [line.family, line.level, line.rows,
    ...Object.keys(measured).flatMap((name) => [line[name].median, line[name].most])]);
  const head = ["family", "level", "rows", ...["certificate bytes", "claims", "steps", "characters"].flatMap((name) => [`${name}, median`, "most"])];
  const parts = [el("p", {}, "Rows carry no times. What they carry is the size of what was written and of what proves it."),
    el("div", { class: "small" }, drawn), el("h3", {}, "By family and level"),
    table("Median and largest of each measure", head, lines, { tall: lines.length > 24, group: true }), el("h3", {}, "Pass rates")];
  if (rates.length) {
    parts.push(table("How often a model solved the rows it was tried on", ["model", "family", "level", "rows", "tries", "passed", "pass rate"],
      rates.map((line) => [line.model, line.family, line.level, line.rows, line.tries, line.passed, share(line.passed, line.tries)]), { right: [6], tall: rates.length > 24 }));
  } else {
    parts.push(empty("No pass rate was measured for these rows. “synth solve DIR --calibrate” measures them."));
  }
  fill($("effort-body"), parts);
}

function splitView() {
  if (!facts.split) {
    return fill($("split-body"), empty("The split was not audited: there is no recipe beside the rows that the installed families can read, and it says how they were split."));
  }
  const { audit, duplicates } = facts.split;
  const total = sum(Object.values(audit.rows));
  const verdict = audit.ok ? "Nothing related lies on both sides" : "The split leaks";
  const words = audit.ok
    ? `: ${many(audit.components, "group")} of related rows, the largest of ${number(audit.largest)}, each on one side.`
    : `: ${many(audit.crossed, "group")} of related rows lie on both sides, ${many(audit.misplaced, "row")} on the wrong one.`;
  const sides = Object.entries(audit.rows).map(([side, n]) => [side || "no side", n, share(n, total), bar(n, total)]);
  const parts = [el("p", { class: audit.ok ? "verdict" : "verdict bad" }, el("strong", {}, verdict), words),
    table(`Rows on each side; split by ${audit.by.join(", ")}, ${share(audit.test_share, 1)} asked for in test`, ["side", "rows", "share", ""], sides, { right: [2] })];
  if (!audit.ok) parts.push(el("ul", { class: "notes" }, [...audit.crossings.map((path) => path.join(" – ")), ...audit.misplaced_rows].map((text) => el("li", {}, text))));
  parts.push(el("p", {}, `Related are rows along recorded edges of these types: ${audit.edges.join(", ")}. What was not recorded cannot be seen.`));
  parts.push(el("p", {}, `${many(audit.pairs_in_test, "pair")} of features occur in test, ${number(audit.pairs_in_test_only)} of them only there.`));
  if (audit.held_out.length) parts.push(el("p", {}, `Held out of train: ${audit.held_out.map((pair) => pair.join(" + ")).join(", ")}.`));
  parts.push(el("h3", {}, "Duplicates and rows that are alike"), duplicateTable(audit, duplicates));
  fill($("split-body"), parts);
}

function duplicateTable(audit, found) {
  const lines = [];
  if (found) {
    lines.push(["the same problem again, under other names or in another order", found.refused, "refused"]);
    lines.push(["proved equivalent to a row on the other side of the split", found.other_side, "refused"]);
    if (found.alike.rows !== undefined) {
      lines.push(["pairs proved to say the same in other words", found.alike.equivalent, "kept, on one side"]);
      lines.push([`pairs that share ${share(found.alike.threshold, 1)} of their 3-word sequences or more`, found.alike.near, "kept"]);
      lines.push(["rows that are enough to have one like every row", found.alike.leaders, `of ${number(found.alike.rows)}`]);
    }
  }
  lines.push(["pairs worded alike across the split", audit.near_across, "similar words are no crossing"]);
  const parts = [table("What resembles what", ["", "how many", "what became of it"], lines, { wrap: true })];
  if (!found) parts.push(empty(onlyRows));
  else if (found.alike.rows === undefined) parts.push(empty("Wording is compared when the run ends."));
  return el("div", {}, parts);
}
