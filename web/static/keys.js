// One-key reading: j and k go from entry to entry, o opens the original, / goes to the search field.

const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

export function keys(page) {
  const links = [...page.querySelectorAll(".entry h2 a, .entry h3 a")];
  const here = () => links.indexOf(page.activeElement);
  const go = (step) => links[Math.max(0, Math.min(links.length - 1, here() + step))]?.focus();
  const acts = {
    j: () => go(1),
    k: () => go(-1),
    o: () => page.activeElement.closest(".entry")?.querySelector("[data-original]")?.click(),
    "/": () => page.getElementById("seek")?.focus(),
  };
  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (page.querySelector("[data-triage]")) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
}
