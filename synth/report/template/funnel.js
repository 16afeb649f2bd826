function funnelView() {
  const found = facts.funnel;
  if (!found) return fill($("funnel-body"), empty(onlyRows));
  const parts = [flow(found), el("h3", {}, "Variety in nats"), variety(found)];
  parts.push(el("h3", {}, "By family and level"), byLevel(found));
  if (found.tries.length) parts.push(el("h3", {}, "What a model tried"), ...tries(found));
  fill($("funnel-body"), parts);
}

function flow(found) {
  const most = Math.max(found.proposed, found.requested);
  const line = (name, n, change, kind) =>
    Object.assign([name, n, share(n, found.proposed), bar(n, most), change], { kind });
  const lines = [line("Proposed", found.proposed, nats(found.nats.proposed), "sum")];
  for (const loss of found.losses) {
    lines.push(line(`− ${loss.stage}: ${loss.reason}`, loss.problems, loss.nats === null ? "not known" : signed(-loss.nats), "loss"));
  }
  lines.push(line("Accepted", found.accepted, nats(found.nats.accepted), "sum"));
  const requested = line("Requested", found.requested, "", "sum");
  requested[2] = "";
  lines.push(requested);
  const made = table("Problems at every stage", ["stage", "problems", "of proposed", "", "nats"], lines, { right: [2, 4], wrap: true });
  const lost = found.proposed - found.accepted;
  const words = [lost ? `${many(lost, "problem was", "problems were")} lost.` : "Nothing was lost."];
  const taken = found.losses.filter((loss) => loss.stage === "retracted").length;
  if (taken) words.push("Rows that were taken back later stand under “retracted”, though they had been accepted before.");
  if (found.losses_of > found.losses.length) words.push(`${found.losses.length} of ${found.losses_of} reasons are listed.`);
  if (!found.done) words.push("The run is not finished: the same command goes on with it.");
  const estimated = found.losses.filter((loss) => loss.nats !== null && loss.read < loss.problems).length;
  const how = "The nats of a loss say what it did to the variety of what was accepted: −0.010 means that, had this reason " +
    "refused nothing, there would be 0.010 nats more. A gain is possible: losing what is common makes the rest more even." +
    (estimated ? " Where a reason refused many, at most 200 of its problems were read and stand for all." : "") +
    (found.losses.some((loss) => loss.nats === null) ? " It is not known where no formal text was kept." : "");
  return el("div", {}, el("p", {}, words.join(" ")), made, lost ? el("p", { class: "quiet" }, how) : null);
}

function variety(found) {
  const { proposed, accepted } = found.variety;
  const lines = [
    ["all cells", nats(proposed.nats), nats(accepted.nats), signed(accepted.nats - proposed.nats)],
    ["between families and levels", nats(proposed.between), nats(accepted.between), signed(accepted.between - proposed.between)],
    ["within a family and level", nats(proposed.within), nats(accepted.within), signed(accepted.within - proposed.within)],
    ["as many equally common cells", number(Math.round(Math.exp(proposed.nats))), number(Math.round(Math.exp(accepted.nats))), ""],
    ["cells seen", proposed.cells, accepted.cells, ""],
  ];
  return el("div", {},
    table("Entropy over cells: family × level × pair of features", ["", "proposed", "accepted", "change"], lines, { right: [1, 2, 3], wrap: true }),
    el("p", { class: "quiet" }, "A corpus of n nats is as varied as one with eⁿ cells that are all equally common. One nat less means 2.7 " +
      "times fewer. The second and third line add up to the first. It is an estimate from what was seen, too low for few problems: " +
      "compare corpora of similar size."));
}

function byLevel(found) {
  const lines = found.levels.map((line) => [
    line.family, line.level, line.proposed, line.accepted, line.requested, share(line.accepted, line.proposed),
    nats(line.nats_proposed), nats(line.nats_accepted), signed(line.nats_accepted - line.nats_proposed), line.gap ? `gap: ${line.gap}` : "",
  ]);
  const head = ["family", "level", "proposed", "accepted", "requested", "yield", "nats proposed", "nats accepted", "change", ""];
  return table("Yield and variety of each family and level", head, lines, { right: [5, 6, 7, 8], tall: lines.length > 24, group: true });
}

function tries(found) {
  const lines = found.tries.map((line) => [
    line.family, line.level, line.tried, line.solved, line.answered, line.unsolved, share(line.solved, line.tried),
  ]);
  const head = ["family", "level", "tried", "solved", "answered by the solver", "unsolved", "solved of tried"];
  const parts = [table("Problems that a model tried; only new rows count as solved or answered", head, lines, { right: [6], tall: lines.length > 24, group: true })];
  if (found.refused_tries.length) {
    const most = Math.max(...found.refused_tries.map((line) => line.tries));
    const refused = found.refused_tries.map((line) => [line.family, line.reason, line.tries, bar(line.tries, most)]);
    parts.push(table("Tries that were refused", ["family", "reason", "tries", ""], refused, { tall: refused.length > 24, group: true }));
  }
  for (const used of found.usage) {
    const cost = used.cost ? `, at a cost of ${used.cost.toFixed(4)}` : "";
    parts.push(el("p", { class: "quiet" }, `${used.model}: ${many(used.requests, "reply", "replies")}, ${number(used.prompt_tokens)} tokens read, ` +
      `${number(used.completion_tokens)} tokens written${cost}.`));
  }
  return parts;
}
