// Keeps the progress of an application true while somebody looks at it, and copies its link.
import { showTimes } from "./times.js";

const EVERY_MS = 5_000;
const place = document.querySelector("[data-progress]");
let last = "";

async function look() {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(place.dataset.progress, { referrerPolicy: "no-referrer" }).catch(() => null);
  if (!answer?.ok) return;
  const html = await answer.text();
  const isFirst = last === "";
  const isSame = html === last;
  last = html;
  if (isSame || isFirst && sameText(html)) return;
  place.innerHTML = html;
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
}
