// The import wizard: reads the header of the chosen file, asks what its columns are, and sends it to
// be checked. The report is a page of its own, so that one can leave and come back.
import { showProblem } from "./forms.js";

const form = document.getElementById("import");
const words = JSON.parse(form.dataset.words);
const input = form.querySelector("input[type=file]");
const area = form.querySelector("[data-drop]");
const columns = document.getElementById("columns");
const template = document.getElementById("column");
const HEAD_BYTES = 65_536;
let file = null;

/** Return the first two records of a CSV text, split as RFC 4180 says. */
function firstRecords(text) {
  const line = text.slice(0, text.search(/\r?\n|$/));
  const outside = line.replace(/"[^"]*"/g, "");
  const delimiter = [",", ";", "\t", "|"].reduce((best, each) => (
    outside.split(each).length > outside.split(best).length ? each : best), ",");
  const records = [[""]];
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const record = records.at(-1);
    const char = text[at];
    if (isQuoted) {
      if (char !== '"') record[record.length - 1] += char;
      else if (text[at + 1] === '"') { record[record.length - 1] += '"'; at += 1; } else isQuoted = false;
    } else if (char === '"') isQuoted = true;
    else if (char === delimiter) record.push("");
    else if (char === "\n") {
      if (records.length === 2) break;
      records.push([""]);
    } else if (char !== "\r") record[record.length - 1] += char;
  }
  return records;
}

async function choose(chosen) {
  if (!chosen) return;
  file = chosen;
  area.querySelector("[data-file-name]").textContent = file.name;
  const text = (await file.slice(0, HEAD_BYTES).text()).replace(/^\uFEFF/, "");
  const [header, example = []] = firstRecords(text);
  const place = columns.querySelector("[data-columns]");
  place.replaceChildren();
  header.forEach((name, at) => {
    if (!name.trim()) return;
    const part = template.content.cloneNode(true);
    const id = `column-${at}`;
    part.querySelector("label").textContent = name.trim();
    part.querySelector("label").htmlFor = id;
    part.querySelector(".hint").textContent = words.example.replace("{text}", example[at] ?? "–");
    const select = part.querySelector("select");
    select.id = id;
    select.dataset.header = name.trim();
    place.append(part);
  });
  columns.hidden = place.childElementCount === 0;
  document.getElementById("no-columns").hidden = !columns.hidden;
}

function send(url, body, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-Intellimatch-Request", "1");
    request.setRequestHeader("Idempotency-Key", crypto.randomUUID());
    request.setRequestHeader("Content-Type", "text/csv");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress.value = (event.loaded / event.total) * 100;
    });
    request.addEventListener("loadend", () => resolve(request));
    request.send(body);
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!file) {
    input.focus();
    return;
  }
  const button = form.querySelector("[type=submit]");
  const progress = form.querySelector("progress");
  const query = new URLSearchParams({ dry_run: "true", file_name: file.name });
  for (const name of ["kind", "on_duplicate", "on_error", "job_id"]) {
    const field = form.elements.namedItem(name);
    if (field.value && !field.disabled) query.set(name, field.value);
  }
  for (const select of columns.querySelectorAll("select")) {
    if (select.value) query.append("map", `${select.dataset.header}=${select.value}`);
  }
  button.setAttribute("aria-busy", "true");
  progress.hidden = false;
  const answer = await send(`/api/v1/imports?${query}`, file, progress);
  button.removeAttribute("aria-busy");
  progress.hidden = true;
  const body = answer.responseText ? JSON.parse(answer.responseText) : null;
  if (answer.status === 202) location.assign(`/imports/${body.id}`);
  else showProblem(form, body ?? { detail: `${answer.status}` });
});

input.addEventListener("change", () => choose(input.files[0]));
form.elements.namedItem("kind").addEventListener("change", (event) => {
  form.elements.namedItem("job_id").disabled = event.target.value !== "applications";
});
area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("over"); });
area.addEventListener("dragleave", () => area.classList.remove("over"));
area.addEventListener("drop", (event) => {
  event.preventDefault();
  area.classList.remove("over");
  choose(event.dataTransfer.files[0]);
});
