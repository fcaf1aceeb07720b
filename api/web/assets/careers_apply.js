// The application form works without this. With it, a file that is too large is noticed before it is
// sent, the upload shows its progress, and a file stays chosen when something else is wrong.

function complain(form, text) {
  const field = form.querySelector("#resume");
  const message = document.getElementById("resume-error");
  message.querySelector("span").textContent = text;
  message.hidden = !text;
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

function isTooLarge(form) {
  const file = form.querySelector("#resume").files[0];
  const tooLarge = file !== undefined && file.size > Number(form.dataset.largest);
  complain(form, tooLarge ? form.dataset.tooLarge : "");
  return tooLarge;
}

/** Put the answer's form in the place of this one, with the chosen file. */
function show(form, html, files) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const fresh = answer.getElementById("apply");
  if (!fresh) {
    document.getElementById("content").replaceWith(answer.getElementById("content"));
    return;
  }
  document.getElementById("apply").replaceWith(fresh);
  if (files.length) {
    fresh.querySelector("#resume").files = files;
    fresh.querySelector(".warn-text")?.remove();
  }
  listen(fresh.querySelector("form[data-apply]"));
  fresh.querySelector("#wrong")?.focus();
}

function send(form) {
  const request = new XMLHttpRequest();
  const button = form.querySelector("button[type=submit]");
  const progress = form.querySelector("progress");
  const files = form.querySelector("#resume").files;
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  request.open("POST", form.action);
  progress.hidden = files.length === 0;
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) progress.value = (event.loaded / event.total) * 100;
  });
  request.addEventListener("load", () => {
    if (request.status === 200 && request.responseURL !== form.action) location.assign(request.responseURL);
    else show(form, request.responseText, files);
  });
  // Without an answer the plain way is tried, whose failure the browser itself explains.
  request.addEventListener("error", () => form.submit());
  request.send(new FormData(form));
}

function listen(form) {
  form.querySelector("#resume").addEventListener("change", () => isTooLarge(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isTooLarge(form)) form.querySelector("#resume").focus();
    else send(form);
  });
}

const form = document.querySelector("form[data-apply]");
if (form) listen(form);
