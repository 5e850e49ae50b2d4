// Offers words of the titles while one types in the search field.

const PAUSE = 180;

export function suggestions(page) {
  const field = page.getElementById("seek");
  if (!field) return;
  const list = page.createElement("datalist");
  list.id = "seek-words";
  field.after(list);
  field.setAttribute("list", list.id);
  let waiting = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    if (field.value.trim().length < 2) return;
    waiting = setTimeout(() => fill(list, field), PAUSE);
  });
}

async function fill(list, field) {
  const typed = field.value;
  const answer = await fetch(`${field.form.action}/suggestions?q=${encodeURIComponent(typed)}`).catch(() => null);
  if (!answer?.ok || field.value !== typed) return;
  const [, words] = await answer.json();
  list.replaceChildren(...words.map((word) => new Option("", word)));
}
