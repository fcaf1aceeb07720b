// Helps with names: `@` in a [data-mentions] field offers the team, and whoever is chosen is written
// out. Arrows choose, Enter or Tab takes, Escape lets it be.
import { call } from "./calls.js";

const TYPED = /(?:^|[\s([])@([\p{L}\p{N}._'’-]*(?: [\p{L}\p{N}._'’-]*)?)$/u;
const MOST = 6;
const list = document.createElement("ul");
list.className = "mentions";
list.id = "mentions";
list.role = "listbox";
list.hidden = true;
let field = null;
let team = null;
let looking = 0;

async function names() {
  team ??= call("GET", "/members?limit=200").then((answer) => (answer.ok ? answer.body.items : [])
    .filter((each) => each.status === "active").map((each) => each.name));
  return team;
}

function typed() {
  return field.value.slice(0, field.selectionStart).match(TYPED)?.[1] ?? null;
}

function close() {
  list.hidden = true;
  list.replaceChildren();
  field?.removeAttribute("aria-activedescendant");
}

function mark(option) {
  for (const each of list.children) each.setAttribute("aria-selected", String(each === option));
  field.setAttribute("aria-activedescendant", option.id);
}

function take(name) {
  const start = field.selectionStart - typed().length;
  field.setRangeText(`${name} `, start, field.selectionStart, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  close();
}

async function look() {
  const turn = ++looking;
  const begun = typed();
  if (begun === null) return close();
  const sought = begun.toLocaleLowerCase();
  const found = (await names()).filter((name) => name.toLocaleLowerCase()
    .split(" ").some((part, at, parts) => parts.slice(at).join(" ").startsWith(sought)));
  if (turn !== looking) return undefined;
  if (!found.length || found.some((name) => name.toLocaleLowerCase() === sought)) return close();
  list.replaceChildren(...found.slice(0, MOST).map((name, at) => {
    const option = document.createElement("li");
    option.role = "option";
    option.id = `mention-${at}`;
    option.textContent = name;
    option.addEventListener("pointerdown", (event) => { event.preventDefault(); take(name); });
    return option;
  }));
  list.setAttribute("aria-label", field.dataset.mentions);
  field.after(list);
  list.hidden = false;
  return mark(list.firstElementChild);
}

function press(event) {
  if (list.hidden) return;
  const at = [...list.children].findIndex((each) => each.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) mark(list.children[(at + step + list.children.length) % list.children.length]);
  else if (event.key === "Enter" || event.key === "Tab") take(list.children[at].textContent);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
}

for (const each of document.querySelectorAll("[data-mentions]")) {
  each.setAttribute("aria-autocomplete", "list");
  each.setAttribute("aria-controls", list.id);
  each.after(list);
  each.addEventListener("focus", () => { field = each; });
  each.addEventListener("input", () => { field = each; look(); });
  each.addEventListener("keydown", press);
  each.addEventListener("blur", close);
}
