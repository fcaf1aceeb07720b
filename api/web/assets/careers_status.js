// Keeps the page of an application true while somebody looks at it, marks it read once its reader
// touches it, and copies its link.
import { showTimes } from "./times.js";

const EVERY_MS = 5_000;
const place = document.querySelector("[data-progress]");
let last = "";

async function look() {
  if (document.visibilityState !== "visible") return;
  const since = new URLSearchParams({ since: place.dataset.since });
  const answer = await fetch(`${place.dataset.progress}?${since}`, { referrerPolicy: "no-referrer" }).catch(() => null);
  if (!answer?.ok) return;
  const html = await answer.text();
  const isFirst = last === "";
  const isSame = html === last;
  last = html;
  if (isSame || isFirst && sameText(html)) return;
  const open = [...place.querySelectorAll("details[open]")].map((each) => each.id);
  place.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  showTimes(place);
  if (place.querySelector("[data-disposition]").dataset.disposition !== "active") document.getElementById("withdraw")?.remove();
}

/** Whether the page shows this already: compared without the times, which are shown in the reader's zone. */
function sameText(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const shown = place.cloneNode(true);
  for (const time of [...fresh.querySelectorAll("time"), ...shown.querySelectorAll("time")]) time.remove();
  const plain = (element) => element.textContent.replace(/\s+/g, " ").trim();
  return plain(fresh) === plain(shown);
}

/**
 * Say that what is shown was read. A page that was only opened says nothing: those who fetch ahead
 * and scan open pages too, and run their scripts, but never touch anything.
 */
let said = "";
function touched(event) {
  const until = place.querySelector("[data-until]").dataset.until;
  if (!event.isTrusted || until === said) return;
  said = until;
  fetch(place.dataset.read, { method: "POST", body: new URLSearchParams({ until }), redirect: "manual", referrerPolicy: "no-referrer" }).catch(() => { said = ""; });
}

const copy = document.querySelector("[data-copied]");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("own-link").textContent);
    copy.textContent = copy.dataset.copied;
  });
}

if (place) {
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, touched, { passive: true });
}
