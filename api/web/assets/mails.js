// The editor of an e-mail template: the preview follows what is typed, flaws are told below it,
// variables are put in where one writes, and the mail can be sent to oneself.
import "./conflicts.js";
import { call } from "./calls.js";
import { showProblem } from "./forms.js";
import { say } from "./toasts.js";

const form = document.querySelector("#mail-form");
const told = document.querySelector("#mail-flaws");
const whose = document.querySelector("select[name=application_id]");
const subject = document.querySelector("#preview-subject");
const text = document.querySelector("#preview-text");
const WAIT_MS = 300;

let waiting = 0;
let asked = 0;
let last = form.elements.namedItem("body");

function typed() {
  return {
    subject: form.elements.namedItem("subject").value || undefined,
    body: form.elements.namedItem("body").value || undefined,
    application_id: whose?.value || undefined,
  };
}

function tell(flaws) {
  told.replaceChildren(...flaws.map((flaw) => {
    const line = document.createElement("p");
    const where = flaw.field === "subject" ? form.querySelector("label[for=subject]") : form.querySelector("label[for=body]");
    line.textContent = `${where.textContent.trim()}, ${flaw.line}: ${flaw.message}`;
    return line;
  }));
  told.hidden = flaws.length === 0;
}

/** Show the mail in the frame: sent as a form, since only the server's page may have its styles. */
function frame() {
  HTMLFormElement.prototype.submit.call(form);
}

async function look() {
  const mine = (asked += 1);
  const answer = await call("POST", `${form.dataset.api}/preview`, { body: typed() });
  if (mine !== asked) return;
  if (!answer.ok) {
    tell((answer.body?.errors ?? []).map((each) => ({ field: each.field, line: 1, message: each.message })));
    return;
  }
  tell(answer.body.flaws);
  if (!answer.body.mail) return;
  subject.textContent = answer.body.mail.subject;
  text.textContent = answer.body.mail.text;
  frame();
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(look, WAIT_MS);
}

if (whose) {
  form.addEventListener("input", soon);
  whose.addEventListener("change", soon);
  look();
}

form.addEventListener("focusin", (event) => {
  if (event.target.matches("#subject, #body")) last = event.target;
});

form.addEventListener("click", async (event) => {
  const insert = event.target.closest("[data-insert]");
  if (insert) {
    last.setRangeText(insert.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  const send = event.target.closest("[data-send-to-me]");
  if (!send || send.getAttribute("aria-busy")) return;
  send.setAttribute("aria-busy", "true");
  const answer = await call("POST", `${form.dataset.api}/test`, { body: typed() });
  send.removeAttribute("aria-busy");
  if (!answer.ok) showProblem(form, answer.body);
  else if (answer.body.result === "taken") say({ text: `${send.dataset.taken} ${answer.body.to_address}` });
  else say({ text: `${send.dataset.refused} ${answer.body.said}`, kind: "error" });
});
