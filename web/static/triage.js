// Decides with one key. Sends the same forms as the buttons do, one after the other, and moves on at once.

const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
const SWITCH = "touches";

export function triage(page) {
  const list = page.querySelector("[data-triage]");
  if (!list) return;
  const cards = [...list.querySelectorAll("[data-card]")];
  const told = page.querySelector("[data-told]");
  const bulk = page.querySelector("[data-bulk]");
  const isOn = listening(page);
  const decided = [];
  let turn = Promise.resolve();
  let unsent = 0;
  let current = null;
  let since = performance.now();

  for (const key of page.querySelectorAll("[data-key], [data-help]")) key.hidden = false;

  const open = () => cards.filter((card) => !("done" in card.dataset));
  const select = (card) => {
    if (card === current || !card) return;
    if (current) delete current.dataset.current;
    current = card;
    current.dataset.current = "";
    since = performance.now();
  };
  // The next one lies where the last one lay, at once: the eye stays where it is.
  const go = (card, block = "start") => {
    if (!card) return;
    select(card);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block, behavior: "instant" });
  };
  const step = (by) => {
    const left = open();
    go(left[Math.max(0, Math.min(left.length - 1, left.indexOf(current) + by))]);
  };

  const send = (form, body) => {
    unsent += 1;
    turn = turn.then(() => post(form, body)).catch(() => ({ failed: { 0: list.dataset.lost } }));
    return turn.finally(() => { unsent -= 1; });
  };

  const decide = async (card, form, submitter) => {
    if ("done" in card.dataset) return;
    const body = new FormData(form, submitter);
    body.set("seconds", ((performance.now() - since) / 1000).toFixed(2));
    const after = open().slice(open().indexOf(card) + 1)[0] ?? open().find((one) => one !== card);
    close(card, submitter.textContent.trim());
    count();
    go(after);
    const sent = send(form, body);
    const deed = { card, id: sent.then(({ done = [] }) => done[0]) };
    const isFinal = "final" in form.dataset;
    // Noted at once, so that an undo typed before the answer comes means this one.
    if (!isFinal) decided.push(deed);
    const { said, done = [], failed = {} } = await sent;
    const refusal = Object.values(failed)[0];
    if (refusal) {
      if (decided.includes(deed)) decided.splice(decided.indexOf(deed), 1);
      reopen(card, refusal);
      go(card);
      return;
    }
    say(card, said);
    if (!isFinal) offerUndo(card);
    const stands = isFinal || decided.includes(deed);
    if (stands && !open().length && !unsent) location.assign(nextPage(list.dataset.next, done[0]));
  };

  const close = (card, words) => {
    card.dataset.done = "";
    card.querySelector("[data-inside]").hidden = true;
    card.querySelector("[data-refusing]")?.removeAttribute("open");
    const line = card.querySelector("[data-outcome]");
    line.hidden = false;
    line.replaceChildren(title(card), " ", words);
  };
  const say = (card, words) => {
    told.textContent = words;
    card.querySelector("[data-outcome]").replaceChildren(title(card), " ", words);
  };
  const reopen = (card, words = "") => {
    delete card.dataset.done;
    card.querySelector("[data-inside]").hidden = false;
    const line = card.querySelector("[data-outcome]");
    line.hidden = !words;
    line.textContent = words;
    told.textContent = words;
  };
  const offerUndo = (card) => {
    const button = page.createElement("button");
    button.type = "button";
    button.className = "button small plain";
    button.textContent = list.dataset.undoLabel;
    button.addEventListener("click", () => undo(card));
    card.querySelector("[data-outcome]").append(" ", button);
  };

  const undo = async (wanted) => {
    const place = wanted ? decided.findIndex(({ card }) => card === wanted) : decided.length - 1;
    if (place < 0) { page.querySelector("[data-just] button")?.click(); return; }
    const [{ card, id: promised }] = decided.splice(place, 1);
    const id = await promised;
    if (!id) return;
    const form = card.querySelector("[data-decide]");
    const body = new FormData(form);
    body.set("id", id);
    const { said, again = {}, failed = {} } = await send({ action: list.dataset.undo }, body);
    const refusal = Object.values(failed)[0];
    if (refusal) { say(card, refusal); return; }
    // The same proposal waits again, under a new number.
    for (const field of card.querySelectorAll('[name="id"]')) { field.value = again[id] ?? id; field.checked = false; }
    count();
    reopen(card);
    told.textContent = said;
    go(card);
  };

  const checked = () => open().filter((card) => card.querySelector('input[type="checkbox"]')?.checked);
  const count = () => {
    if (!bulk) return;
    // It comes when it is of use, and then stays in sight.
    bulk.hidden = !checked().length;
    bulk.dataset.stuck = "";
    bulk.querySelector("[data-count]").textContent = `(${checked().length})`;
  };
  const press = (name, value) => {
    const many = bulk && checked().length;
    if (many && name === "refuser") { bulk.elements.reason.value = value; value = "refuse"; }
    const selector = many ? `[name="verdict"][value="${value}"]` : `[name="${name}"][value="${value}"]`;
    (many ? bulk : current)?.querySelector(selector)?.click();
  };
  const refusing = () => current?.querySelector("[data-refusing]");
  const refuse = () => {
    const panel = refusing();
    if (!panel) return;
    panel.open = !panel.open;
    if (panel.open) panel.scrollIntoView({ block: "nearest", behavior: "instant" });
  };
  const reason = (digit) => {
    if (!refusing()?.open) return;
    const buttons = refusing().querySelectorAll('[name="refuser"]');
    const button = buttons[(Number(digit) + 9) % 10];
    if (button) press("refuser", button.value);
  };

  const acts = {
    j: () => step(1),
    k: () => step(-1),
    a: () => press("verdict", "accept"),
    p: () => press("verdict", "postpone"),
    r: refuse,
    u: () => undo(),
    o: () => current?.querySelector('a[target="_blank"]')?.click(),
    x: () => current?.querySelector('input[type="checkbox"]')?.click(),
    "?": () => { const help = page.querySelector("[data-help]"); help.open = !help.open; },
    Escape: () => { if (refusing()) refusing().open = false; },
  };

  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!isOn() || (typing(event.target) && event.key !== "Escape")) return;
    const act = /^\d$/.test(event.key) ? () => reason(event.key) : acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  addEventListener("beforeunload", (event) => { if (unsent) event.preventDefault(); });
  list.addEventListener("focusin", (event) => select(event.target.closest("[data-card]")));
  list.addEventListener("change", count);
  count();
  list.addEventListener("submit", (event) => {
    const card = event.target.closest("[data-card]");
    if (!card || !event.submitter) return;
    event.preventDefault();
    decide(card, event.target, event.submitter);
  });
  // Where the page is nothing but the queue, its first card has the keyboard at once.
  if ("start" in list.dataset) go(cards[0], "nearest"); else select(cards[0]);
}

async function post(form, body) {
  const answer = await fetch(form.getAttribute?.("action") ?? form.action, {
    method: "POST", body, headers: { Accept: "application/json" },
  });
  return answer.json();
}

function title(card) {
  const words = document.createElement("span");
  words.textContent = card.querySelector("h2").textContent;
  return words;
}

// Single keys can be in the way of speech input and screen readers: they can be switched off (WCAG 2.1.4).
function listening(page) {
  const box = page.querySelector("[data-keys]");
  if (!box) return () => true;
  box.checked = localStorage.getItem(SWITCH) !== "non";
  box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "oui" : "non"));
  return () => box.checked;
}

// The queue again, with the last decision at its top so that it can still be undone.
function nextPage(address, id) {
  const next = new URL(address, location.href);
  if (id) next.searchParams.set("fait", id);
  return next;
}
