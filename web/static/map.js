// A map that is readable as it comes: finds a group by name, shows its links, enlarges.

export function maps(page) {
  const drawing = page.querySelector(".map svg.fil-map");
  const tools = page.querySelector("[data-map-tools]");
  if (!drawing || !tools) return;
  tools.hidden = false;
  const nodes = [...drawing.querySelectorAll("[data-group]:not(path)")];
  const links = [...drawing.querySelectorAll("path[data-group]")];
  find(page.getElementById("map-seek"), nodes);
  follow(drawing, nodes, links);
  zoom(tools, drawing);
}

function find(field, nodes) {
  field.addEventListener("input", () => {
    const sought = field.value.trim().toLowerCase();
    for (const node of nodes) node.classList.toggle("faint", sought !== "" && !node.dataset.name.includes(sought));
  });
}

function follow(drawing, nodes, links) {
  const show = (group, hub) => {
    const lit = (link) => (group ? link.dataset.group === group : link.dataset.hub === hub);
    const kept = new Set(links.filter(lit).map((link) => link.dataset.group));
    drawing.classList.toggle("focused", Boolean(group || hub));
    for (const link of links) link.classList.toggle("lit", Boolean(group || hub) && lit(link));
    if (hub) for (const node of nodes) node.classList.toggle("faint", !kept.has(node.dataset.group));
    else if (!group) for (const node of nodes) node.classList.remove("faint");
  };
  const of = (event) => event.target.closest("[data-group], .hub");
  for (const kind of ["focusin", "pointerover"]) {
    drawing.addEventListener(kind, (event) => { const one = of(event); show(one?.dataset.group, one?.dataset.hub); });
  }
  for (const kind of ["focusout", "pointerleave"]) drawing.addEventListener(kind, () => show());
}

function zoom(tools, drawing) {
  const whole = drawing.getAttribute("viewBox").split(" ").map(Number);
  const saved = new URLSearchParams(location.hash.slice(1)).get("vue");
  let box = saved ? saved.split(",").map(Number) : whole;
  if (box.length !== 4 || box.some(Number.isNaN)) box = whole;
  const apply = () => drawing.setAttribute("viewBox", box.join(" "));
  const keep = () => history.replaceState(null, "", box === whole ? location.pathname + location.search : `#vue=${box.map(Math.round)}`);
  apply();
  tools.addEventListener("click", (event) => {
    const by = Number(event.target.dataset.zoom ?? NaN);
    if (Number.isNaN(by)) return;
    box = by === 0 ? whole : around(box, by);
    apply(); keep();
  });
  let from = null;
  drawing.addEventListener("pointerdown", (event) => { from = { x: event.clientX, y: event.clientY, box }; });
  addEventListener("pointerup", () => { if (from && from.box !== box) keep(); from = null; });
  drawing.addEventListener("pointermove", (event) => {
    if (!from || box === whole) return;
    const scale = box[2] / drawing.clientWidth;
    box = [from.box[0] - (event.clientX - from.x) * scale, from.box[1] - (event.clientY - from.y) * scale, box[2], box[3]];
    apply();
  });
}

function around([left, top, width, height], by) {
  return [left + (width * (1 - by)) / 2, top + (height * (1 - by)) / 2, width * by, height * by];
}
