// The page of branding: colours become tokens of the preview, a logo is fitted into what is taken.
// The tokens come from the server, which makes them for the careers site and mails too.
import "./preview.js";
import "./conflicts.js";

const form = document.querySelector("#look-form");
const told = document.querySelector("#look-colours");
const hidden = form.elements.namedItem("branding.logo");
const file = form.querySelector("[type=file]");
const remove = form.querySelector("[data-logo-remove]");
const FITS = { width: 480, height: 160 };
const WAIT_MS = 100;

/** Give each part of the preview its tokens; set by script, which the page's policy allows. */
function dress() {
  const tokens = JSON.parse(told.querySelector("[data-tokens]").dataset.tokens);
  for (const part of document.querySelectorAll("[data-look]")) {
    for (const name of [...part.style].filter((each) => each.startsWith("--"))) part.style.removeProperty(name);
    for (const [name, colour] of Object.entries(tokens[part.dataset.look])) part.style.setProperty(`--${name}`, colour);
  }
}

let asked = null;
let waiting = 0;

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const given = (name) => form.elements.namedItem(`branding.${name}`).value.trim();
  const query = new URLSearchParams({ primary: given("primary_color"), accent: given("accent_color") });
  try {
    const answer = await fetch(`/settings/branding/colours?${query}`, { signal: asked.signal });
    if (!answer.ok || answer.redirected) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    told.replaceChildren(...made.body.children);
    dress();
  } catch (error) {
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
  }
}

form.addEventListener("input", (event) => {
  const picked = event.target.dataset.picks;
  if (picked) {
    const field = form.elements.namedItem(picked);
    field.value = event.target.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (/_color$/.test(event.target.name)) {
    const text = event.target.value.trim();
    if (/^#[0-9a-f]{6}$/i.test(text)) form.querySelector(`[data-picks="${CSS.escape(event.target.name)}"]`).value = text;
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT_MS);
  }
});

/** Say beside the field why a file isn't taken; without a text, that all is well. */
function complain(text) {
  file.toggleAttribute("aria-invalid", Boolean(text));
  if (text) file.setAttribute("aria-invalid", "true");
  const message = file.closest(".field").querySelector(".error");
  message.querySelector("span").textContent = text;
  message.hidden = !text;
}

function readAsAddress(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}

/** Draw a picture smaller until it fits; null when even the smallest is too large. */
async function fitted(picture, most) {
  const whole = Math.min(1, FITS.width / picture.width, FITS.height / picture.height);
  const canvas = document.createElement("canvas");
  for (const scale of [whole, whole * 0.6, whole * 0.35]) {
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const [type, quality] of [["image/png"], ["image/webp", 0.9]]) {
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, quality));
      if (blob && blob.size <= most) return blob;
    }
  }
  return null;
}

async function take(chosen) {
  const most = Number(file.dataset.mostBytes);
  if (!["image/png", "image/jpeg", "image/webp"].includes(chosen.type)) return complain(file.dataset.wrongKind);
  let picture;
  try {
    picture = await createImageBitmap(chosen);
  } catch {
    return complain(file.dataset.broken);
  }
  const fits = chosen.size <= most && picture.width <= 2000 && picture.height <= 2000;
  const kept = fits ? chosen : await fitted(picture, most);
  if (!kept) return complain(file.dataset.tooLarge);
  complain("");
  keep(await readAsAddress(kept));
  remove.hidden = false;
  remove.querySelector("input").checked = false;
}

function keep(address) {
  hidden.value = address;
  hidden.dispatchEvent(new Event("input", { bubbles: true }));
}

file.addEventListener("change", () => {
  if (file.files.length) take(file.files[0]);
});

let removed = "";
remove?.querySelector("input").addEventListener("change", (event) => {
  if (event.target.checked) {
    removed = hidden.value;
    file.value = "";
    complain("");
  }
  keep(event.target.checked ? "" : removed);
});

document.querySelector("[data-look-themes]").hidden = false;
document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-look-theme]");
  if (!chosen) return;
  for (const each of document.querySelectorAll("[data-look-theme]")) each.setAttribute("aria-pressed", String(each === chosen));
  document.querySelector(".look-sheet").dataset.look = chosen.dataset.lookTheme;
  dress();
});

dress();
