/* What others do shows here within a second: the house is heard while the page is looked at, and only
   the column, the list or the count that changed is drawn anew. Where nothing can be heard, the page
   asks twice a minute. */
"use strict";

{
  const UNATTENDED = { "Serment-Unattended": "1" };
  const ASK_EVERY = 30000;
  const AT_ONCE = 60;
  let stop = null;
  let hears = false;
  let asked = new Set();
  let soon = 0;
  let asking = false;

  // What is under a finger is not drawn anew: it may be about to be taken up.
  let touched = false;
  for (const kind of ["touchstart", "touchend", "touchcancel"]) {
    document.addEventListener(kind, (event) => { touched = event.touches.length > 0; }, { capture: true, passive: true });
  }
  const inUse = () => {
    const at = document.activeElement;
    const writes = at?.matches?.("#desk textarea, #desk input:not([type=hidden])");
    return writes || touched || window.sermentHand?.holds();
  };
  // Locked or signed out: the server leads to the page that says so.
  const refused = (answer) => {
    const to = answer.headers.get("HX-Redirect");
    if (to) location.replace(to);
    else if (answer.redirected || answer.status === 401 || answer.status === 423) location.replace(location.href.split("#")[0]);
  };
  const swap = (from, to) => {
    const at = document.activeElement;
    const id = from.contains(at) ? at.id : "";
    const inside = from.contains(at);
    const fresh = document.adoptNode(to);
    from.replaceWith(fresh);
    window.htmx?.process(fresh);
    if (inside) (document.getElementById(id) || fresh.querySelector(".entry, .unseal"))?.focus({ preventScroll: true });
  };
  // What waits, in the menu. A link that is held stays, whatever it leads to.
  const menu = (page) => {
    const links = (where) => [...where.querySelectorAll(".desk-links > a")];
    const [old, fresh] = [links(document), links(page)];
    const key = (link) => link.getAttribute("href");
    const keep = (link) => link === document.activeElement || link.hasAttribute("aria-current");
    for (const link of old) if (!keep(link) && !fresh.some((one) => key(one) === key(link))) link.remove();
    let before = null;
    for (const link of fresh) {
      const mine = old.find((one) => key(one) === key(link));
      if (mine && mine.textContent !== link.textContent) mine.replaceChildren(...document.adoptNode(link).childNodes);
      else if (!mine) before?.after(document.adoptNode(link));
      before = mine || link;
    }
    document.dispatchEvent(new CustomEvent("serment:menu"));
  };
  const refresh = async () => {
    if (asking || inUse()) return later(400);
    const roles = asked;
    asked = new Set();
    asking = true;
    const here = location.href;
    try {
      const answer = await fetch(here.split("#")[0], { headers: UNATTENDED, redirect: "manual", cache: "no-store" });
      if (!answer.ok) return refused(answer.type === "opaqueredirect" ? { headers: new Headers(), redirected: true } : answer);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (location.href !== here) return;
      if (inUse()) {
        for (const role of roles) asked.add(role);
        return later(400);
      }
      const all = roles.has("*");
      for (const day of document.querySelectorAll(".day[data-agenda], .whole-row")) {
        if (!all && !roles.has(day.dataset.agenda)) continue;
        const fresh = page.querySelector(`${day.localName}[data-agenda="${day.dataset.agenda}"][data-day="${day.dataset.day}"]`);
        if (fresh && !fresh.isEqualNode(day)) swap(day, fresh);
      }
      for (const id of ["panel", "board", "month"]) {
        const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
        if (old && fresh && old.textContent !== fresh.textContent) swap(old, fresh);
      }
      for (const totals of ["p.days-foot", ".whole thead"]) {
        const [old, fresh] = [document.querySelector(totals), page.querySelector(totals)];
        if (old && fresh && !fresh.isEqualNode(old)) old.replaceWith(document.adoptNode(fresh));
      }
      window.sermentLists?.renew(page);
      menu(page);
      document.dispatchEvent(new CustomEvent("serment:columns"));
    } catch {
      /* The network: asked again at the next turn. */
    } finally {
      asking = false;
    }
  };
  const later = (wait) => {
    clearTimeout(soon);
    soon = setTimeout(refresh, wait);
  };
  const changed = (role) => {
    asked.add(role);
    later(AT_ONCE);
  };
  // A line names a role, whose agenda changed, or one of the desk's lists: its length is in every menu.
  const LISTS = ["calls", "contested", "cannot_come"];
  const AGENDAS = ["#board", "#month", "[data-hears=cannot_come]"];
  const shows = (name) =>
    name === "*" || LISTS.includes(name) || document.querySelector([`[data-agenda="${CSS.escape(name)}"]`, ...AGENDAS].join());

  // One stream follows the other without a gap: the new one is there before the old one is let go.
  const hear = async () => {
    const mine = new AbortController();
    let followed = false;
    try {
      const answer = await fetch(document.body.dataset.direct || "/cabinet/direct", { headers: UNATTENDED, redirect: "manual", cache: "no-store", signal: mine.signal });
      if (answer.status === 204) return;
      if (!answer.ok) return refused(answer.type === "opaqueredirect" ? { headers: new Headers(), redirected: true } : answer);
      stop = () => mine.abort();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        hears = true;
        document.documentElement.classList.add("hears");
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (line === "again") {
            followed = true;
            hear();
          } else if (line && line !== "hears" && line !== ":" && shows(line)) changed(line);
        }
      }
      if (!followed && !document.hidden && !mine.signal.aborted) throw new Error("ended early");
    } catch {
      hears = false;
      document.documentElement.classList.remove("hears");
      if (followed || document.hidden || mine.signal.aborted) return;
      // The server went, or its half minute: what was said meanwhile is asked for.
      setTimeout(() => document.hidden || (changed("*"), hear()), 2000);
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      stop?.();
      stop = null;
      hears = false;
    } else {
      changed("*");
      hear();
    }
  });
  document.addEventListener("serment:empty-handed", () => asked.size && later(AT_ONCE));
  setInterval(() => document.hidden || hears || changed("*"), ASK_EVERY);
  if (document.querySelector("#desk, .day[data-agenda], #board, #month, [data-hears]")) hear();
}
