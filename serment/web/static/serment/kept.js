/* A slot that is kept stops being so after ten minutes, or when another is opened in a second tab.
   The page then says it; what the server said stays true without this script, for it names the hour. */
"use strict";

{
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("serment-kept") : null;
  let until = 0;
  let waiting = 0;

  const part = (name) => document.querySelector(`#kept [${name}]`);
  // Which slot this page is about: its hour and, in the address, its practitioner.
  const slot = () => `${document.getElementById("heure")?.value} ${location.pathname}`;
  const lapse = (why) => {
    const [held, lapsed] = [part("data-held"), part("data-lapsed")];
    if (!held || !lapsed || held.hidden) return;
    held.hidden = true;
    lapsed.hidden = false;
    for (const because of lapsed.querySelectorAll("[data-because]")) {
      because.hidden = because.dataset.because !== why;
    }
  };
  const look = () => {
    if (until && Date.now() >= until) lapse("time");
  };
  const begin = () => {
    const held = part("data-held");
    clearTimeout(waiting);
    until = 0;
    if (!held) return;
    // In seconds from now: this device may keep another time than the server.
    until = Date.now() + 1000 * Number(held.dataset.held);
    waiting = setTimeout(look, until - Date.now() + 50);
    if (tabs) tabs.postMessage(slot());
  };

  begin();
  document.body.addEventListener("htmx:afterSwap", begin);
  // A telephone that slept keeps no timer.
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", look);
  if (tabs) {
    tabs.addEventListener("message", ({ data }) => {
      if (data !== slot()) lapse("other");
    });
  }
}
