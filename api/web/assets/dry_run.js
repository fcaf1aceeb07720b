// What a kept automation would have done lately: asked for once its editor is there, since looking at a
// month may take a moment. Without it the button of the form tells the same.
import { showTimes } from "./times.js";

const PATIENCE = 30_000;
const place = document.querySelector("[data-dry-run]");

/** Show one of the parts: what was told, that it is being looked at, or that it can't be told. */
function show(part) {
  for (const each of ["told", "waiting", "failed"]) {
    place.querySelector(`[data-${each}]`).hidden = each !== part;
  }
  place.setAttribute("aria-busy", String(part === "waiting"));
}

async function ask() {
  show("waiting");
  try {
    const answer = await fetch(place.dataset.dryRun, {
      headers: { Accept: "text/html", "HX-Request": "true" }, signal: AbortSignal.timeout(PATIENCE),
    });
    // Who was signed out meanwhile is led to the form, which is no answer.
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const told = document.createElement("div");
    told.className = "stack";
    told.dataset.told = "";
    told.innerHTML = await answer.text();
    place.querySelector("[data-told]").replaceWith(told);
    showTimes(told);
    show("told");
  } catch {
    show("failed");
  }
}

if (place) {
  place.querySelector("[data-failed] button").addEventListener("click", () => {
    place.focus(); // the button goes; who is at the keyboard stays here
    ask();
  });
  ask();
}
