// A map that is readable as it comes: finds groups by name, follows a thread, enlarges, moves.
// What one sees is in the address: `cherche` and `vue` in the query, the group or thread in the anchor.

export function maps(page) {
  const frame = page.querySelector(".map");
  const drawing = frame?.querySelector("svg.fil-map");
  if (!drawing) return;
  // On a small screen the map is wider than its frame: it opens on its middle.
  frame.scrollLeft = (frame.scrollWidth - frame.clientWidth) / 2;
  frame.classList.add("alive");
  grab(frame);
  const tools = page.querySelector("[data-map-tools]");
  if (!tools) return;
  tools.hidden = false;
  zoom(tools, frame, drawing);
  if (!drawing.querySelector(".links")) return;
  const map = {
    drawing,
    told: tools.querySelector("[data-map-told]"),
    nodes: [...drawing.querySelectorAll(".node")],
    links: [...drawing.querySelectorAll(".links path")],
  };
  follow(map, page.getElementById("map-thread"));
  find(map, page.getElementById("map-seek"));
}

const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

function remember(name, value) {
  const address = new URL(location.href);
  if (value) address.searchParams.set(name, value);
  else address.searchParams.delete(name);
  history.replaceState(null, "", address);
}

function find(map, field) {
  const seek = () => {
    const sought = plain(field.value);
    const found = map.nodes.filter((node) => sought !== "" && plain(node.dataset.name).includes(sought));
    for (const node of map.nodes) node.classList.toggle("faint", sought !== "" && !found.includes(node));
    map.told.textContent = sought === "" ? "" : `${found.length} ${field.dataset.found}`;
    remember("cherche", field.value.trim());
    return found;
  };
  field.addEventListener("input", seek);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") seek()[0]?.querySelector("a").focus();
  });
  field.value = new URLSearchParams(location.search).get("cherche") ?? "";
  if (field.value) seek();
}

// One group shows its threads and those that share all of them; one hub shows its groups.
function follow(map, choice) {
  const show = (one) => {
    const { group, hub } = one?.dataset ?? {};
    const lit = (link) => (group ? link.dataset.group === group : link.dataset.hub === hub);
    const kept = (node) => (group ? node.dataset.hubs === one.dataset.hubs : node.dataset.hubs.split(" ").includes(hub));
    map.drawing.classList.toggle("focused", Boolean(one));
    map.drawing.classList.toggle("one", Boolean(group));
    for (const link of map.links) link.classList.toggle("lit", Boolean(one) && lit(link));
    for (const node of map.nodes) {
      node.classList.toggle("faint", Boolean(one) && !kept(node));
      node.classList.toggle("lit", node === one);
    }
  };
  const kept = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const one = id ? map.drawing.querySelector(`#${CSS.escape(id)}:is(.node, .hub)`) : null;
    choice.value = one?.classList.contains("hub") ? id : "";
    return one;
  };
  // Without a jump: what was chosen is in view already.
  const keep = (id) => {
    const address = new URL(location.href);
    address.hash = id;
    history.replaceState(null, "", address);
    show(kept());
  };
  const of = (event) => event.target.closest(".node, .hub") ?? kept();
  for (const kind of ["focusin", "pointerover"]) map.drawing.addEventListener(kind, (event) => show(of(event)));
  for (const kind of ["focusout", "pointerleave"]) map.drawing.addEventListener(kind, () => show(kept()));
  // A click on a mark, not on a name, keeps what it shows; a click on nothing lets go of it.
  map.drawing.addEventListener("click", (event) => {
    if (event.target.closest("a")) return;
    keep(event.target.closest(".node")?.id ?? "");
  });
  choice.addEventListener("change", () => keep(choice.value));
  addEventListener("hashchange", () => show(kept()));
  show(kept());
}

function zoom(tools, frame, drawing) {
  const most = 6;
  let scale = 1;
  const middle = () => [
    (frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth,
    (frame.scrollTop + frame.clientHeight / 2) / frame.scrollHeight,
  ];
  const apply = (wanted, [x, y] = middle()) => {
    scale = Math.min(most, Math.max(1, wanted));
    drawing.style.setProperty("--zoom", scale);
    frame.classList.toggle("zoomed", scale > 1);
    frame.scrollTo(x * frame.scrollWidth - frame.clientWidth / 2, y * frame.scrollHeight - frame.clientHeight / 2);
  };
  const keep = () => remember("vue", scale > 1.01 ? [scale, ...middle()].map((value) => value.toFixed(2)).join(",") : "");
  const saved = (new URLSearchParams(location.search).get("vue") ?? "").split(",").map(Number);
  if (saved.length === 3 && saved.every(Number.isFinite)) apply(saved[0], saved.slice(1));
  const by = (factor) => { apply(factor === 0 ? 1 : scale * factor); keep(); };
  tools.addEventListener("click", (event) => {
    const factor = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (factor !== undefined) by(Number(factor));
  });
  const keys = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 };
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    by(keys[event.key]);
  });
  let waiting = 0;
  frame.addEventListener("scroll", () => { clearTimeout(waiting); waiting = setTimeout(keep, 300); });
}

// The mouse takes hold of the paper; fingers and keys scroll it as they scroll anything.
function grab(frame) {
  let from = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("a")) return;
    from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop };
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    frame.classList.add("grabbed");
    frame.scrollTo(from.x - event.clientX, from.y - event.clientY);
  });
  addEventListener("pointerup", () => { from = null; frame.classList.remove("grabbed"); });
}
