// Short messages at the foot of the page. Anybody dispatches `toast` with {text, kind, undo}; with
// `link` the words lead there, and `opened` is called on the way.
const place = document.getElementById("toasts");
const KEPT = "toast";

function show({ text, kind = "", undo = null, link = "", opened = null, seconds = 6 }) {
  const toast = document.createElement("div");
  toast.className = `toast ${kind}`;
  const words = document.createElement(link ? "a" : "span");
  words.textContent = text;
  if (link) {
    words.href = link;
    words.addEventListener("click", () => opened?.());
  }
  toast.append(words);
  const remove = () => toast.remove();
  if (undo) {
    const button = document.createElement("button");
    button.className = "button small";
    button.type = "button";
    button.textContent = place.dataset.undo;
    button.addEventListener("click", () => { remove(); undo(); });
    toast.append(button);
  }
  const close = document.createElement("button");
  close.className = "button small";
  close.type = "button";
  close.setAttribute("aria-label", place.dataset.close);
  close.textContent = "×";
  close.addEventListener("click", remove);
  toast.append(close);
  place.append(toast);
  let timer = setTimeout(remove, seconds * 1000);
  // Who reads it or is about to press Undo has all the time.
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => { timer = setTimeout(remove, 2000); });
  toast.addEventListener("focusin", () => clearTimeout(timer));
}

/** Say something now. */
export function say(detail) {
  show(detail);
}

/** Say something on the page that is loaded next. */
export function sayNext(detail) {
  sessionStorage.setItem(KEPT, JSON.stringify(detail));
}

document.addEventListener("toast", (event) => show(event.detail));
const kept = sessionStorage.getItem(KEPT);
if (kept) {
  sessionStorage.removeItem(KEPT);
  show(JSON.parse(kept));
}
