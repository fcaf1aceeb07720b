// Shows every <time data-time> in the reader's zone and language, and keeps the relative ones true.
// The page's language, written as the reader's browser does: in English, day or month first.
const paged = document.documentElement.lang;
const language = navigator.languages.find((each) => each.split("-")[0] === paged.split("-")[0]) ?? paged;
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });
const styles = {
  date: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
  time: new Intl.DateTimeFormat(language, { timeStyle: "short" }),
  both: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }),
  day: new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short" }),
};
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" });
const STEPS = [
  ["year", 31_557_600], ["month", 2_629_800], ["week", 604_800],
  ["day", 86_400], ["hour", 3_600], ["minute", 60],
];

/** Say how far an instant is away: "3 days ago". */
export function ago(instant) {
  const seconds = (instant - Date.now()) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(0, "second");
}

/** Show the times below `root`. */
export function showTimes(root = document) {
  for (const element of root.querySelectorAll("time[data-time]")) {
    const instant = new Date(element.dateTime);
    const style = element.dataset.time;
    const text = style === "relative" ? ago(instant) : styles[style].format(instant);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = exact.format(instant);
  }
}

showTimes();
document.addEventListener("htmx:after:swap", () => showTimes());
setInterval(showTimes, 30_000);
