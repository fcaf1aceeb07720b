// Two kinds of forms. A plain one is sent by the browser; `data-busy` only marks its button. One
// with `data-method` and `data-path` is sent to the JSON API, and its problems are shown beside the
// fields they name. After success: `data-then` is an address to go to (`{id}` is the answer's),
// `reload`, or `event` to only dispatch `sent`; `data-said` is the message.
import { call } from "./calls.js";
import { say, sayNext } from "./toasts.js";

/** Return the value of a field as the API wants it; undefined leaves it out. */
function valueOf(field) {
  const text = field.value.trim();
  switch (field.dataset.kind) {
    case "boolean": return field.checked;
    case "number": return text === "" ? null : Number(text);
    case "optional-number": return text === "" ? undefined : Number(text);
    case "clears": return field.checked ? null : undefined;
    case "cents": return text === "" ? null : Math.round(Number(text.replace(",", ".")) * 10 ** digitsOf(field));
    case "lines": return text.split("\n").map((line) => line.trim()).filter(Boolean);
    case "words": return text.split(",").map((word) => word.trim()).filter(Boolean);
    case "optional": return text === "" ? undefined : text;
    case "nullable": return text === "" ? null : text;
    case "instant": return text === "" ? null : new Date(text).toISOString();
    case "secret": return field.value === "" ? undefined : field.value;
    default: return field.type === "password" ? field.value : text;
  }
}

/** How many digits the currency beside a field has after its point: a form's `data-digits` names those without two. */
function digitsOf({ form, name }) {
  const currency = form.elements.namedItem(name.replace(/[^.]*$/, "currency"))?.value.trim().toUpperCase();
  return JSON.parse(form.dataset.digits ?? "{}")[currency] ?? 2;
}

/** Put a value at a dotted path: "pay_range.currency". */
function put(body, path, value) {
  const parts = path.split(".");
  const last = parts.pop();
  let at = body;
  for (const part of parts) at = at[part] ??= {};
  at[last] = value;
}

/** Return what a form holds, as JSON. A [data-list] collects its [data-item]s into an array. */
export function bodyOf(form) {
  const body = {};
  for (const list of form.querySelectorAll("[data-list]")) {
    if (list.closest("[data-item]")) continue;
    put(body, list.dataset.list, [...list.querySelectorAll("[data-item]")].map((item) => {
      const entry = {};
      for (const field of item.querySelectorAll("[data-of]")) {
        const value = valueOf(field);
        if (value !== undefined && !(value === null && field.dataset.of === "id")) put(entry, field.dataset.of, value);
      }
      return entry;
    }));
  }
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.closest("[data-item]") || field.dataset.skip !== undefined) continue;
    if (field.type === "checkbox" && field.dataset.kind === "member") {
      const known = form.querySelectorAll(`[name="${field.name}"]:checked`);
      put(body, field.name, [...known].map((each) => each.value));
    } else if (field.type !== "radio" || field.checked) {
      const value = valueOf(field);
      if (value !== undefined) put(body, field.name, value);
    }
  }
  for (const group of form.querySelectorAll("[data-empty-is-null]")) {
    const name = group.dataset.emptyIsNull;
    const value = body[name];
    if (value && Object.values(value).slice(0, 2).every((each) => each === null || each === "")) body[name] = null;
  }
  return body;
}

function fieldOf(form, path) {
  // One entry of a list that is typed in a single field: "settings.codes.2".
  const direct = form.elements.namedItem(path) ?? form.elements.namedItem(path.replace(/(\.\d+|\[\d+\])$/, ""));
  if (direct) return direct instanceof RadioNodeList ? direct[0] : direct;
  const [list, index, ...rest] = path.split(".");
  const item = form.querySelector(`[data-list="${CSS.escape(list)}"]`)?.querySelectorAll("[data-item]")[index];
  return item?.querySelector(`[data-of="${CSS.escape(rest.join("."))}"]`) ?? item?.querySelector("[data-of]")
    ?? form.elements.namedItem(list);
}

function clear(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const message of form.querySelectorAll(".error")) message.hidden = true;
  const summary = form.querySelector(".form-error");
  if (summary) summary.hidden = true;
}

function showError(field, text) {
  field.setAttribute("aria-invalid", "true");
  const holder = field.closest(".field") ?? field.parentElement;
  const message = holder.querySelector(".error");
  if (!message) return false;
  message.querySelector("span").textContent = text;
  message.hidden = false;
  return true;
}

/** Show a problem document in a form: beside its fields, and above for the rest. */
export function showProblem(form, problem) {
  clear(form);
  const rest = [];
  let first = null;
  for (const error of problem?.errors ?? []) {
    const field = error.field ? fieldOf(form, error.field) : null;
    if (field && showError(field, error.message)) first ??= field;
    else rest.push(error.field ? `${error.field}: ${error.message}` : error.message);
  }
  if (!first || rest.length) {
    const text = rest.length ? rest.join(" ") : problem?.detail ?? String(problem);
    const summary = form.querySelector(".form-error");
    if (summary) {
      summary.querySelector("span").textContent = text;
      summary.hidden = false;
      if (!first) summary.scrollIntoView({ block: "nearest" });
    } else {
      say({ text, kind: "error" });
    }
  }
  first?.focus();
}

async function send(form, submitter) {
  const path = submitter?.dataset.path ?? form.dataset.path;
  const method = submitter?.dataset.method ?? form.dataset.method;
  const said = submitter?.dataset.said ?? form.dataset.said;
  const then = submitter?.dataset.then ?? form.dataset.then ?? "reload";
  const body = method === "DELETE" || form.dataset.body === "none" ? undefined : bodyOf(form);
  const button = submitter ?? form.querySelector("[type=submit]");
  // The same key for the same attempt: a lost answer and a second press make one thing, not two.
  form.attempt ??= crypto.randomUUID();
  button?.setAttribute("aria-busy", "true");
  const answer = await call(method, path, { body, version: form.dataset.version, key: form.attempt });
  button?.removeAttribute("aria-busy");
  if (!answer.ok) {
    if (answer.status !== 0) form.attempt = null;
    showProblem(form, answer.body);
    form.dispatchEvent(new CustomEvent("refused", { bubbles: true, detail: answer }));
    return;
  }
  form.attempt = null;
  clear(form);
  form.dispatchEvent(new CustomEvent("sent", { bubbles: true, detail: answer.body }));
  if (then === "event") {
    if (said) say({ text: said });
    return;
  }
  if (said) sayNext({ text: said });
  if (then === "reload") location.reload();
  else location.assign(then.replace("{id}", answer.body?.id ?? ""));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter?.dataset.path || form.dataset.path) {
    event.preventDefault();
    if (form.querySelector("[aria-busy]")) return;
    const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (question && !confirm(question)) return;
    send(form, event.submitter);
  } else if (form.dataset.busy !== undefined) {
    event.submitter?.setAttribute("aria-busy", "true");
  }
});

// Back from another page, a button must not turn for ever.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form) return;
  form.attempt = null;
  if (event.target.getAttribute("aria-invalid")) {
    event.target.removeAttribute("aria-invalid");
    const message = event.target.closest(".field")?.querySelector(".error");
    if (message) message.hidden = true;
  }
});
