// Says that its reader looked at a candidate, once the page is before them: one that is opened in
// the background, fetched ahead or read by a program was not looked at.
import { call } from "./calls.js";

const about = document.querySelector("[data-glance]");

function look() {
  if (document.visibilityState !== "visible") return;
  document.removeEventListener("visibilitychange", look);
  call("POST", about.dataset.glance, { body: { kind: about.dataset.kind } });
}

if (about) {
  document.addEventListener("visibilitychange", look);
  look();
}
