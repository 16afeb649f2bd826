function conceptsView() {
  const found = facts.concepts;
  if (!found.length) return fill($("concepts-body"), empty("There are no rows, so no concepts."));
  const draw = () => fill($("concepts-body"), conceptMap(found[Number(family.value)]));
  const [label, family] = choice("Family", found.map((each, at) => [at, each.family]), draw);
  fill($("concepts-form"), label);
  draw();
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function conceptMap(found) {
  const half = found.node_height / 2;
  const lines = found.edges.map(([one, two]) => {
    const [later, earlier] = [found.nodes[one], found.nodes[two]];
    const [x1, y1, x2, y2] = [earlier.x + earlier.w, earlier.y + half, later.x, later.y + half];
    const bend = Math.max(24, (x2 - x1) / 2);
    return svg("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
  });
  const below = found.nodes.map((_, at) => found.edges.filter(([one]) => one === at).map(([, two]) => two));
  const above = found.nodes.map((_, at) => found.edges.filter(([, two]) => two === at).map(([one]) => one));
  const named = (places) => (places.length ? places.map((place) => found.nodes[place].name).join(", ") : "nothing");
  const words = found.nodes.map((node, at) => `${node.name}: in ${many(node.rows, "row")}, first met at level ${node.first}. ` +
    `Builds on ${named(below[at])}. ${above[at].length ? `Needed by ${named(above[at])}.` : ""}`);
  const said = el("p", { class: "said", role: "status" }, "Choose a concept, or move with the arrow keys: left to what it builds on, right to what needs it.");
  const groups = found.nodes.map((node, at) => svg("g", { tabindex: at ? -1 : 0, role: "img", "aria-label": words[at] },
    svg("rect", { x: node.x, y: node.y, width: node.w, height: found.node_height, rx: 4 }),
    svg("text", { x: node.x + 11, y: node.y + 14 }, node.name),
    svg("text", { x: node.x + 11, y: node.y + 27, class: "about" }, `${many(node.rows, "row")}, level ${node.first}`)));
  const choose = (at) => {
    said.textContent = words[at];
    groups.forEach((group, other) => {
      group.setAttribute("tabindex", other === at ? 0 : -1);
      group.classList.toggle("here", other === at);
      group.classList.toggle("near", below[at].includes(other) || above[at].includes(other));
    });
    lines.forEach((line, place) => line.classList.toggle("near", found.edges[place].includes(at)));
  };
  groups.forEach((group, at) => {
    group.addEventListener("focus", () => choose(at));
    group.addEventListener("click", () => group.focus());
    group.addEventListener("keydown", (event) => {
      const to = { ArrowUp: at - 1, ArrowDown: at + 1, ArrowLeft: below[at][0], ArrowRight: above[at][0], Home: 0, End: groups.length - 1 }[event.key];
      if (to === undefined || !groups[to]) return;
      event.preventDefault();
      groups[to].focus();
    });
  });
  const title = `Concepts of ${found.family}`;
  const drawing = svg("svg", { class: "concepts", width: found.width, height: found.height, viewBox: `0 0 ${found.width} ${found.height}`, role: "group", "aria-label": title });
  drawing.append(...lines, ...groups);
  const left = found.of - found.nodes.length;
  const rows = found.nodes.map((node, at) => [node.name, node.rows, node.first, named(below[at])]);
  const list = table(`Concepts of ${found.family}, and what each builds on`, ["concept", "rows", "first level", "builds on"], rows, { text: [3], wrap: true });
  return [el("p", { class: "quiet" }, "What a concept builds on stands to its left, joined by a line." + (left ? ` The ${found.nodes.length} most frequent of ${found.of} concepts are drawn.` : "")),
    region(title, drawing), said, el("details", {}, el("summary", {}, "The same as a table"), list)];
}
