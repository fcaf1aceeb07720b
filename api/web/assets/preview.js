// Shows at once what is typed into the fields of a form [data-previewed]: [data-shows="field"] has
// its text, [data-shows-lines] a paragraph a line, [data-shows-image] its address as a picture.
// What has nothing to show is hidden, as [data-with] is without the field and [data-without] with it.
const form = document.querySelector("form[data-previewed]");

function showLines(place, text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  place.replaceChildren(...lines.map((line) => {
    const made = document.createElement("p");
    made.textContent = line;
    return made;
  }));
}

function show(field) {
  const text = field.value.trim();
  const name = CSS.escape(field.name);
  for (const place of document.querySelectorAll(`[data-shows="${name}"]`)) {
    place.textContent = text;
    place.hidden = text === "";
  }
  for (const place of document.querySelectorAll(`[data-shows-lines="${name}"]`)) showLines(place, text);
  for (const place of document.querySelectorAll(`[data-shows-image="${name}"]`)) {
    if (text) place.src = text;
    place.hidden = text === "";
  }
  for (const place of document.querySelectorAll(`[data-with="${name}"]`)) place.hidden = text === "";
  for (const place of document.querySelectorAll(`[data-without="${name}"]`)) place.hidden = text !== "";
}

form?.addEventListener("input", (event) => {
  if (event.target.name) show(event.target);
});

// A browser may fill a form again with what was typed before the page was left.
for (const field of form?.elements ?? []) {
  if (field.name && !field.dataset.skip && ["text", "url", "email", "textarea"].includes(field.type)) show(field);
}
