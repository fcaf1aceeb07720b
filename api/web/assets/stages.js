// When a stage that exists is removed, asks where its applications go: `move_to` by its id.
const form = document.querySelector("[data-stages]");
const moves = form.querySelector("[data-moves]");

form.addEventListener("removed", (event) => {
  const { item } = event.detail;
  if (!item.dataset.stage) return;
  const name = item.querySelector("[data-of=name]").value;
  const field = document.createElement("label");
  field.className = "field";
  field.append(moves.dataset.words.replace("{name}", name));
  const select = document.createElement("select");
  select.name = `move_to.${item.dataset.stage}`;
  for (const other of form.querySelectorAll("[data-item][data-stage]")) {
    if (other === item) continue;
    select.add(new Option(other.querySelector("[data-of=name]").value, other.dataset.stage));
  }
  field.append(select);
  moves.append(field);
});
