// Fields of time zones share one list. What is typed may be in any case, or a city alone: it becomes
// the zone's name when only one fits. Without this the name is typed or chosen as it is. A page that
// brings no list, as it would be most of the page, has the one that the browser knows.
const fields = document.querySelectorAll('input[list="zones"]');

function list() {
  let known = document.getElementById("zones");
  if (!known) {
    known = document.createElement("datalist");
    known.id = "zones";
    known.append(...[...Intl.supportedValuesOf("timeZone"), "UTC"].map((name) => new Option("", name)));
    document.body.append(known);
  }
  return [...known.options].map((each) => each.value);
}

function named(typed) {
  const names = list();
  const wanted = typed.trim().toLowerCase().replaceAll(" ", "_");
  const same = names.find((name) => name.toLowerCase() === wanted);
  if (same) return same;
  const cities = names.filter((name) => name.toLowerCase().endsWith(`/${wanted}`));
  return cities.length === 1 ? cities[0] : typed;
}

for (const field of fields) {
  // Browsers offer what fits the text: with the present zone in it that is one line of many.
  field.addEventListener("focus", () => { list(); field.select(); });
  field.addEventListener("change", () => { field.value = named(field.value); });
}
