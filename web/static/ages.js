// Keeps « il y a 3 minutes » true while a page stays open.

const UNITS = [["hour", 3600], ["minute", 60]];
const DAY = 22 * 3600;

export function ages(page) {
  const words = new Intl.RelativeTimeFormat(page.documentElement.lang, { numeric: "always" });
  const times = [...page.querySelectorAll("time[data-ago]")];
  const tell = () => {
    for (const time of times) {
      const since = (Date.now() - Date.parse(time.dateTime)) / 1000;
      const unit = UNITS.find(([, seconds]) => since >= seconds);
      if (unit && since < DAY) time.textContent = words.format(-Math.round(since / unit[1]), unit[0]);
    }
  };
  if (times.length) setInterval(tell, 60_000);
}
