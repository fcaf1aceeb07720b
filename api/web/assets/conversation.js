// The candidate's page is live: what is written, what becomes of it and what comes back appears in
// the list of what happened. What somebody is writing, and what they opened, stays as it is.
import { call } from "./calls.js";
import { say } from "./toasts.js";

const list = document.getElementById("timeline");
const said = document.getElementById("timeline-said");
const dialog = document.getElementById("letter");
const form = dialog?.querySelector("form");
const MESSAGES = [
  "queued", "sent", "failed", "outcome_unknown", "delivered", "bounced", "complained", "tracked",
  "settled", "dismissed",
];

let isReading = false;
let again = false;

/** Read the list afresh; what comes meanwhile is read once more after it. */
async function refresh() {
  if (isReading) {
    again = true;
    return;
  }
  isReading = true;
  do {
    again = false;
    const open = [...list.querySelectorAll("details[open][id]")].map((each) => each.id);
    await htmx.ajax("GET", `/candidates/${list.dataset.candidate}/timeline`, { target: list, swap: "innerMorph" });
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  } while (again);
  isReading = false;
}

function hear(event) {
  const told = JSON.parse(event.data);
  if (told.payload.candidate_id !== list.dataset.candidate) return;
  if (told.type === "reply.received") said.textContent = list.dataset.live;
  refresh();
}

const source = new EventSource("/api/v1/stream?topics=message,reply");
for (const kind of MESSAGES) source.addEventListener(`message.${kind}`, hear);
for (const kind of ["received", "matched"]) source.addEventListener(`reply.${kind}`, hear);
source.addEventListener("gap", refresh);
addEventListener("pagehide", () => source.close());

// What is done to a message here shows at once, whether the stream tells of it or not.
list.addEventListener("sent", refresh);

if (form) {
  const fields = form.elements;
  const about = () => {
    form.dataset.path = `/applications/${fields.namedItem("application_id").value}/letters`;
  };
  dialog.addEventListener("opened", about);
  fields.namedItem("application_id").addEventListener("change", about);
  fields.namedItem("template").addEventListener("change", async (event) => {
    const template = event.target.value;
    if (!template) return;
    const application = fields.namedItem("application_id").value;
    const answer = await call("GET", `/applications/${application}/letters/draft?template=${template}`);
    if (!answer.ok) {
      say({ text: answer.body?.detail ?? "", kind: "error" });
      return;
    }
    if (!fields.namedItem("subject").value) fields.namedItem("subject").value = answer.body.subject;
    const text = fields.namedItem("text");
    text.value = text.value ? `${text.value}\n\n${answer.body.text}` : answer.body.text;
  });
  form.addEventListener("sent", () => {
    dialog.close();
    form.reset();
    refresh();
  });
}
