// Files are sent to the API as they are, with progress; chosen or dropped on a [data-upload].
import { say } from "./toasts.js";

function send(path, file, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1${path}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-Intellimatch-Request", "1");
    request.setRequestHeader("Idempotency-Key", crypto.randomUUID());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress.value = (event.loaded / event.total) * 100;
    });
    request.addEventListener("loadend", () => resolve(request));
    request.send(file);
  });
}

async function take(area, files) {
  const progress = area.parentElement.querySelector("progress");
  let isAnySent = false;
  for (const file of files) {
    progress.hidden = false;
    progress.value = 0;
    const answer = await send(area.dataset.upload, file, progress);
    if (answer.status === 201) isAnySent = true;
    else {
      const isJson = answer.getResponseHeader("content-type")?.includes("json");
      const problem = isJson ? JSON.parse(answer.responseText) : null;
      const why = problem?.errors?.[0]?.message ?? problem?.detail ?? (answer.status || document.body.dataset.offline);
      say({ text: `${file.name}: ${why}`, kind: "error", seconds: 12 });
    }
  }
  progress.hidden = true;
  if (isAnySent) location.reload();
}

for (const area of document.querySelectorAll("[data-upload]")) {
  const input = area.querySelector("input");
  input.addEventListener("change", () => take(area, [...input.files]));
  area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("over"); });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    take(area, [...event.dataTransfer.files]);
  });
}
