// Shows what the worker does while a registration is looked at, then opens what it found.

const PAUSE = 1000;

export function watch(page) {
  const list = page.querySelector("[data-watch]");
  if (!list) return;
  const look = async () => {
    const answer = await fetch(list.dataset.watch).catch(() => null);
    if (answer?.ok) {
      const { working, steps } = await answer.json();
      list.replaceChildren(...steps.map(line));
      if (!working) { location.reload(); return; }
    }
    setTimeout(look, PAUSE);
  };
  setTimeout(look, PAUSE);
}

function line(step) {
  const item = document.createElement("li");
  item.textContent = step;
  return item;
}
