// Copies the text of a field next to a button marked `data-copy`.

export function copyButtons(page) {
  for (const button of page.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = page.getElementById(button.dataset.copy);
      await navigator.clipboard.writeText(field.value);
      const before = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = before; }, 2000);
    });
  }
}
