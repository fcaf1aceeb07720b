// Lists of parts in a form, such as questions and stages: add, remove, move up and down.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add], [data-remove], [data-up], [data-down]");
  if (!button) return;
  if (button.dataset.add !== undefined) {
    const list = document.querySelector(`[data-list="${button.dataset.add}"]`);
    const made = document.getElementById(`${button.dataset.add}-part`).content.cloneNode(true);
    list.append(made);
    list.lastElementChild.querySelector("input, select, textarea").focus();
    return;
  }
  const item = button.closest("[data-item]");
  if (button.dataset.remove !== undefined) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.dispatchEvent(new CustomEvent("removed", { bubbles: true, detail: { item } }));
    item.remove();
    next?.querySelector("button, input")?.focus();
  } else if (button.dataset.up !== undefined && item.previousElementSibling) {
    item.previousElementSibling.before(item);
    button.focus();
  } else if (button.dataset.down !== undefined && item.nextElementSibling) {
    item.nextElementSibling.after(item);
    button.focus();
  }
});

document.addEventListener("change", (event) => {
  const kind = event.target.closest("[data-shows]");
  if (!kind) return;
  for (const part of kind.closest("[data-item]").querySelectorAll("[data-when]")) {
    part.hidden = part.dataset.when !== kind.value;
  }
});
