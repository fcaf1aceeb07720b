// [data-open="id"] opens the <dialog> of that id, [data-close] closes the one it is in, and so does
// a click beside it. What a button's data-set-* say goes into the dialog's fields of those names; its form
// takes action, method and version.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.open);
    for (const [name, value] of Object.entries(opener.dataset)) {
      if (!name.startsWith("set")) continue;
      const field = name.slice(3).replace(/^./, (first) => first.toLowerCase());
      for (const each of dialog.querySelectorAll(`[data-field="${field}"]`)) {
        if ("value" in each) each.value = value;
        else each.textContent = value;
      }
      if (field === "action") dialog.querySelector("form").dataset.path = value;
      if (field === "method" || field === "version") dialog.querySelector("form").dataset[field] = value;
    }
    dialog.showModal();
    dialog.dispatchEvent(new Event("opened"));
    return;
  }
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  else if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect();
    const beside = event.clientX < box.left || event.clientX > box.right
      || event.clientY < box.top || event.clientY > box.bottom;
    if (beside && event.detail) event.target.close();
  }
});
