// A résumé beside what was read in it: shows where each value stands, and the file itself on demand.
const MARK = "source";

function rangeOf([first, start, last, end]) {
  const from = document.querySelector(`[data-line="${first}"]`)?.firstChild;
  const to = document.querySelector(`[data-line="${last}"]`)?.firstChild;
  if (!from || !to) return null;
  const range = document.createRange();
  range.setStart(from, Math.min(start, from.length));
  range.setEnd(to, Math.min(end, to.length));
  return range;
}

/** Show in the text where an element's value was found. */
function light(element) {
  for (const each of document.querySelectorAll(".paper .lit")) each.classList.remove("lit");
  CSS.highlights?.delete(MARK);
  if (!element?.dataset.source) return;
  const place = element.dataset.source.split(",").map(Number);
  const range = rangeOf(place);
  if (!range) return;
  if (CSS.highlights) CSS.highlights.set(MARK, new Highlight(range));
  for (let at = place[0]; at <= place[2]; at += 1) {
    document.querySelector(`[data-line="${at}"]`)?.classList.add("lit");
  }
  const paper = document.querySelector(".paper");
  const line = document.querySelector(`[data-line="${place[0]}"]`);
  const top = line.offsetTop - paper.offsetTop;
  if (top < paper.scrollTop || top > paper.scrollTop + paper.clientHeight - 40) {
    paper.scrollTop = top - paper.clientHeight / 3;
  }
}

for (const type of ["pointerover", "focusin"]) {
  document.addEventListener(type, (event) => {
    const element = event.target.closest?.("[data-source]");
    if (element) light(element);
  });
}

async function showFile(area) {
  if (area.dataset.shown) return;
  area.dataset.shown = "yes";
  const answer = await fetch(area.dataset.file);
  if (!answer.ok) return;
  const blob = new Blob([await answer.arrayBuffer()], { type: area.dataset.type });
  const isPdf = area.dataset.type === "application/pdf";
  const shown = document.createElement(isPdf ? "iframe" : "img");
  shown.src = URL.createObjectURL(blob);
  if (isPdf) shown.title = area.dataset.name;
  else shown.alt = area.dataset.name;
  area.append(shown);
}

function show(which) {
  const file = document.querySelector(".paper-file");
  const text = document.querySelector(".paper");
  file.hidden = which !== "file";
  text.hidden = which === "file";
  for (const button of document.querySelectorAll("[data-paper]")) {
    button.setAttribute("aria-pressed", String(button.dataset.paper === which));
  }
  if (which === "file") showFile(file);
}

document.addEventListener("click", (event) => {
  const view = event.target.closest("[data-paper]");
  if (view) show(view.dataset.paper);
  const fold = event.target.closest("[data-fold]");
  if (fold) {
    const details = fold.closest("details");
    details.open = false;
    details.querySelector("summary").focus();
  }
});

document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.edit") || !event.target.open) return;
  event.target.querySelector("form input, form textarea, form button")?.focus();
}, true);

const lone = document.querySelector(".paper-file:not([hidden])");
if (lone) showFile(lone);
