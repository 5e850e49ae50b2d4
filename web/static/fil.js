// Small improvements of pages that work without them. Each finds its own elements and does one thing.

import { copyButtons } from "./copy.js";
import { keys } from "./keys.js";
import { suggestions } from "./suggest.js";
import { ages } from "./ages.js";
import { watch } from "./watch.js";
import { triage } from "./triage.js";
import { maps } from "./map.js";

copyButtons(document);
keys(document);
suggestions(document);
ages(document);
watch(document);
triage(document);
maps(document);

// A choice in a filter acts at once; its button stays for those without script.
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Two clicks are meant as one: the second would find a mailed link used up.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if ("sent" in form.dataset) { event.preventDefault(); return; }
  form.dataset.sent = "";
  setTimeout(() => { delete form.dataset.sent; }, 3000);
});

// What was opened by mistake closes with Escape, and the focus goes back to its button.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const panel = document.querySelector("details.follow[open]");
  const sheet = document.querySelector(".facets:target .close");
  if (panel) { panel.open = false; panel.querySelector("summary").focus(); }
  else if (sheet?.offsetParent) { sheet.click(); document.querySelector(".open-facets").focus(); }
});

// An address that leads to a closed panel opens it.
const unfold = () => {
  const panel = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (panel?.matches("details")) panel.open = true;
};
addEventListener("hashchange", unfold);
unfold();

if ("serviceWorker" in navigator && window.isSecureContext) {
  const link = document.querySelector('link[rel="manifest"]');
  const address = new URL("hors-ligne.js", link.href);
  navigator.serviceWorker.register(address).catch(() => {});
}
