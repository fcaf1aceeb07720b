// When somebody else was faster (412), a form's [data-conflict] says so: what was typed stays, and
// [data-overwrite] sends it again over the version that is there now. The problem names that version.
document.addEventListener("refused", (event) => {
  const form = event.target;
  const note = form.querySelector("[data-conflict]");
  if (!note) return;
  const present = event.detail.status === 412 ? event.detail.body?.current_version : undefined;
  note.hidden = present === undefined;
  if (note.hidden) return;
  form.dataset.present = present;
  const summary = form.querySelector(".form-error");
  if (summary) summary.hidden = true;
  note.scrollIntoView({ block: "nearest" });
  note.querySelector("[data-overwrite]").focus();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-overwrite]");
  if (!button) return;
  const form = button.form;
  form.dataset.version = form.dataset.present;
  button.closest("[data-conflict]").hidden = true;
  form.requestSubmit(form.querySelector(".form-foot [type=submit]"));
});
