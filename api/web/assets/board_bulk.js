// What is done with selected cards, or with one: the bar below, assigning, rejecting.
import { call } from "./calls.js";
import { bodyOf, showProblem } from "./forms.js";
import { say } from "./toasts.js";

/** Show the bar while anything is selected. */
export function drawBulk(board) {
  const bar = document.getElementById("bulk");
  if (!bar) return;
  bar.hidden = board.selected.size === 0;
  document.getElementById("bulk-count").textContent = board.fill(board.words.selected, { n: board.selected.size });
}

async function assign(board, ids, member, name) {
  board.selected.clear();
  // A move that is under way changes the version that this change is made against.
  await Promise.all(ids.map((id) => board.moving.get(id)));
  const known = ids.filter((id) => board.cards.has(id));
  const given = await Promise.all(known.map((id) => call("POST", `/applications/${id}/assign`, {
    body: { assignee_id: member }, version: board.cards.get(id).version,
  })));
  const failed = given.find((answer) => !answer.ok);
  for (const answer of given) if (answer.ok) board.take(answer.body);
  if (failed) {
    say({ text: failed.body?.detail ?? "", kind: "error", seconds: 10 });
    await Promise.all(known.map((id) => board.refresh(id)));
  }
  const done = given.filter((answer) => answer.ok).length;
  if (done) say({ text: board.fill(board.words.assigned, { n: done, name }) });
  board.draw();
}

async function reject(board, form) {
  const ids = [...board.selected];
  const { words, fill } = board;
  const answer = await call("POST", "/bulk-rejections", {
    body: { application_ids: ids, delay_minutes: 30, ...bodyOf(form) },
  });
  if (!answer.ok) {
    showProblem(form, answer.body);
    return;
  }
  const mark = (rejecting) => {
    for (const id of ids) if (board.cards.has(id)) board.cards.get(id).rejecting = rejecting;
  };
  form.closest("dialog").close();
  mark(true);
  board.selected.clear();
  board.draw();
  say({
    text: fill(words.rejecting, { n: ids.length }), seconds: 12,
    undo: async () => {
      const recalled = await call("POST", `/bulk-rejections/${answer.body.id}/recall`, { body: {} });
      mark(false);
      say(recalled.ok ? { text: words.recalled } : { text: recalled.body.detail, kind: "error" });
      board.draw();
    },
  });
}

/** Wire the bar, and the button with which each card is assigned. */
export function enableBulk(board) {
  const picker = document.getElementById("card-assign");
  let assigning = [];

  /** Ask who looks after a card, or after the selection that it is a part of. */
  board.askAssignee = (id) => {
    if (!board.mayAssign) return;
    assigning = board.selected.has(id) ? [...board.selected] : [id];
    const names = assigning.map((each) => board.cards.get(each)?.name);
    picker.querySelector("[data-names]").textContent = names.length === 1 ? names[0] : board.fill(board.words.selected, { n: names.length });
    picker.querySelector("select").value = board.cards.get(id)?.assigneeId ?? board.root.dataset.me;
    picker.showModal();
  };
  picker?.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const select = picker.querySelector("select");
    picker.close();
    await assign(board, assigning, select.value || null, select.selectedOptions[0].textContent);
    board.show(assigning[0])?.focus();
  });
  board.root.addEventListener("click", (event) => {
    const owner = event.target.closest(".card-owner");
    if (owner) board.askAssignee(owner.closest("[data-card]").dataset.card);
  });
  document.getElementById("bulk-clear").addEventListener("click", () => { board.selected.clear(); board.draw(); });
  document.getElementById("bulk-stage").addEventListener("change", (event) => {
    const lane = board.laneOf(event.target.value);
    event.target.value = "";
    if (lane) board.move([...board.selected], lane);
  });
  document.getElementById("bulk-assign")?.addEventListener("change", (event) => {
    const { value } = event.target;
    const name = event.target.selectedOptions[0].textContent;
    event.target.value = "";
    if (value) assign(board, [...board.selected], value === "nobody" ? null : value, name);
  });
  document.getElementById("reject-form").addEventListener("submit", (event) => {
    event.preventDefault();
    reject(board, event.target);
  });
}
