// The editor of an automation: shows only the fields that go with what was chosen, and empty rows
// for conditions one by one. Without it every field and three empty rows are there.
const form = document.querySelector("[data-automation]");

function show(part, chosen) {
  for (const each of form.querySelectorAll(`[data-part="${part}"]`)) {
    each.hidden = !each.dataset.for.split(" ").includes(chosen);
  }
}

function showCondition(row) {
  const kind = row.querySelector("[data-kind-of]").value;
  for (const each of row.querySelectorAll("[data-for]")) {
    each.hidden = !each.dataset.for.split(" ").includes(kind);
  }
  row.querySelector(".field").hidden = kind === "" || kind === "assignee";
}

function showAll() {
  show("when", form.elements.namedItem("when.event").value);
  show("action", form.elements.namedItem("action.do").value);
  form.querySelector("[data-wait]").hidden =
    ["interview_ahead", "feedback_missing", "no_answer"].includes(form.elements.namedItem("when.event").value);
  for (const row of form.querySelectorAll("[data-condition]")) showCondition(row);
}

if (form) {
  const rows = [...form.querySelectorAll("[data-condition]")];
  const more = form.querySelector("[data-more]");
  const spare = () => rows.find((row) => row.hidden);
  for (const row of rows) row.hidden = row.querySelector("[data-kind-of]").value === "";
  more.hidden = !spare();
  more.addEventListener("click", () => {
    const row = spare();
    row.hidden = false;
    row.querySelector("select").focus();
    more.hidden = !spare();
  });
  form.addEventListener("change", (event) => {
    // A delay doesn't go with what is a time itself: what was typed before mustn't be in the way.
    if (event.target.name === "when.event" && form.querySelector("[data-wait]")) {
      const isTime = ["interview_ahead", "feedback_missing", "no_answer"].includes(event.target.value);
      if (isTime) form.elements.namedItem("delay").value = "0";
    }
    showAll();
  });
  showAll();
}
