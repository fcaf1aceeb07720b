// Fields of time zones share one list. What is typed may be in any case, or a city alone: it becomes
// the zone's name when only one fits. Without this the name is typed or chosen as it is.
const fields = document.querySelectorAll('input[list="zones"]');
const names = [...document.querySelectorAll("#zones option")].map((each) => each.value);

function named(typed) {
  const wanted = typed.trim().toLowerCase().replaceAll(" ", "_");
  const same = names.find((name) => name.toLowerCase() === wanted);
  if (same) return same;
  const cities = names.filter((name) => name.toLowerCase().endsWith(`/${wanted}`));
  return cities.length === 1 ? cities[0] : typed;
}

for (const field of fields) {
  // Browsers offer what fits the text: with the present zone in it that is one line of many.
  field.addEventListener("focus", () => field.select());
  field.addEventListener("change", () => { field.value = named(field.value); });
}
