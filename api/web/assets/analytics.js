// The filter bar of the analytics page: days of one's own and a preset are one choice. This listens
// in the capturing phase, so that htmx sends what is chosen after it.
const form = document.querySelector("#figure-filters");

form?.addEventListener("change", ({ target }) => {
  const days = form.elements.days;
  const own = [form.elements.from, form.elements.to];
  if (own.includes(target)) days.value = own.some((each) => each.value) ? "own" : "30";
  else if (target === days && days.value !== "own") for (const each of own) each.value = "";
  else if (target === days) form.elements.from.focus();
}, { capture: true });
