// Opens a continuity sheet from disk: no network (the page's own policy forbids it), no WebCrypto.
// Whoever knows the public key can seal a file to it, so what it says goes into the page as text only.
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";

const FORMAT = "serment-continuity-1";
const SECRET = /AGE-SECRET-KEY-1[A-Z0-9]+/;
const WORDS = {
  fr: {
    title: "Lire une fiche de continuité",
    lead: "Qui vient dans les 36 heures : nom, naissance, téléphone, heure, soignant. Tout se passe sur cet ordinateur ; rien n’est envoyé.",
    sheet: "La fiche", sheetHint: "Le fichier .age le plus récent, téléchargé du cabinet ou copié sur la clé USB.",
    with: "La clé du lieu", key: "Fichier de la clé", passphrase: "Phrase de passe de la clé",
    or: "ou, sans fichier ni phrase de passe :", recovery: "Ligne de secours",
    recoveryHint: "Imprimée avec la clé, dans le coffre : AGE-SECRET-KEY-1…",
    open: "Ouvrir la fiche", busy: "Ouverture… (quelques secondes)", print: "Imprimer", back: "Fermer",
    faultKey: "Cette clé ne s’ouvre pas : vérifiez le fichier et la phrase de passe, ou recopiez la ligne de secours.",
    faultNoKey: "Choisissez le fichier de la clé, ou recopiez la ligne de secours.",
    faultSheet: "Cette fiche ne s’ouvre pas avec cette clé : elle est d’un autre lieu, d’une autre clé, ou le fichier est abîmé. Essayez la fiche précédente.",
    make: "Pas encore de clé ? En créer une ici",
    makeLead: "La clé est tirée sur cet ordinateur et n’en sort que par vous. Faites-le un jour calme, pas un jour de panne.",
    new: "Phrase de passe", newHint: "Au moins 12 caractères : quatre mots sans rapport.", again: "La même, encore",
    makeIt: "Créer la clé", makeFault: "Les deux phrases diffèrent.", makeBusy: "Création… (quelques secondes)",
    madeTitle: "La clé du lieu est prête", madeFile: "Enregistrer le fichier de la clé (sur deux clés USB)",
    madePrint: "Imprimez cette ligne de secours, mettez-la sous enveloppe au coffre. Elle ouvre tout, sans phrase de passe :",
    madeTell: "Donnez cette ligne à la personne qui s’occupe du serveur. Elle n’a rien de secret :",
    of: (house, site) => (house === site ? house : `${house}, ${site}`),
    when: (issued, until, zone) => `Fiche faite le ${issued}. Elle va jusqu’au ${until} (heure du lieu, ${zone}).`,
    old: "Cette fiche a plus de deux heures : des rendez-vous ont pu être pris, déplacés ou annulés depuis.",
    hour: "Heure", who: "Patient", born: "Naissance", phone: "Téléphone", practitioner: "Soignant",
    frozen: "dossier gelé : nom non imprimé", nameless: "nom non imprimé : voir l’agenda à son retour",
    none: "Aucun rendez-vous.", count: (n) => `${n} rendez-vous`,
    foot: "Cette fiche porte des données de santé : rangez-la hors de vue, détruisez-la quand tout est revenu. Urgence : 15 ou 112, par SMS 114.",
  },
  en: {
    title: "Read a continuity sheet",
    lead: "Who comes in the next 36 hours: name, birth date, phone, time, practitioner. Everything happens on this computer; nothing is sent.",
    sheet: "The sheet", sheetHint: "The newest .age file, downloaded from the practice’s pages or copied to the USB stick.",
    with: "The site’s key", key: "Key file", passphrase: "Passphrase of the key",
    or: "or, without file or passphrase:", recovery: "Recovery line",
    recoveryHint: "Printed with the key, in the safe: AGE-SECRET-KEY-1…",
    open: "Open the sheet", busy: "Opening… (a few seconds)", print: "Print", back: "Close",
    faultKey: "This key does not open: check the file and the passphrase, or copy the recovery line.",
    faultNoKey: "Choose the key file, or copy the recovery line.",
    faultSheet: "This sheet does not open with this key: it is another site’s, of another key, or damaged. Try the sheet before it.",
    make: "No key yet? Make one here",
    makeLead: "The key is drawn on this computer and leaves it only through you. Do it on a quiet day, not when all is down.",
    new: "Passphrase", newHint: "At least 12 characters: four words that have nothing in common.", again: "The same, again",
    makeIt: "Make the key", makeFault: "The two passphrases differ.", makeBusy: "Making it… (a few seconds)",
    madeTitle: "The site’s key is ready", madeFile: "Save the key file (on two USB sticks)",
    madePrint: "Print this recovery line and put it into the safe in an envelope. It opens everything, without a passphrase:",
    madeTell: "Give this line to whoever looks after the server. Nothing about it is secret:",
    of: (house, site) => (house === site ? house : `${house}, ${site}`),
    when: (issued, until, zone) => `Sheet made on ${issued}. It reaches until ${until} (the site’s time, ${zone}).`,
    old: "This sheet is more than two hours old: appointments may have been made, moved or cancelled since.",
    hour: "Time", who: "Patient", born: "Birth date", phone: "Phone", practitioner: "Practitioner",
    frozen: "file frozen: name not printed", nameless: "name not printed: see the agenda when it is back",
    none: "No appointments.", count: (n) => (n === 1 ? "1 appointment" : `${n} appointments`),
    foot: "This sheet carries health data: keep it out of sight, destroy it when all is back. Emergency: 15 or 112, by text 114.",
  },
};

const element = (id) => document.getElementById(id);
let language = (navigator.language || "fr").startsWith("en") ? "en" : "fr";
let shown = null;

function say(key, ...given) {
  const word = WORDS[language][key];
  return typeof word === "function" ? word(...given) : word;
}

function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  document.title = say("title");
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
  for (const one of document.querySelectorAll("[data-language]"))
    one.setAttribute("aria-pressed", String(one.dataset.language === chosen));
  if (shown) tell(shown);
}

// "2026-11-22T08:40:00+01:00" is read as it stands: the site's wall clock, whatever this machine's.
const clockOf = (instant) => (language === "fr" ? `${Number(instant.slice(11, 13))} h ${instant.slice(14, 16)}` : instant.slice(11, 16));
const dayOf = (day) => new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" }).format(new Date(`${day}T12:00:00Z`));
const bornOf = (day) => (/^\d{4}-\d\d-\d\d$/.test(day) ? day.split("-").reverse().join("/") : day);
const phoneOf = (phone) => (/^\+33\d{9}$/.test(phone) ? `0${phone.slice(3)}`.replace(/(\d\d)(?=\d)/g, "$1 ") : phone);

async function secretOf() {
  const typed = element("recovery").value.toUpperCase().replace(/\s/g, "");
  if (SECRET.test(typed)) return SECRET.exec(typed)[0];
  const file = element("key").files[0];
  if (!file) throw new Error("faultNoKey");
  const contents = new Uint8Array(await file.arrayBuffer());
  const opener = new Decrypter();
  opener.addPassphrase(element("passphrase").value);
  try {
    return SECRET.exec(await opener.decrypt(contents, "text"))[0];
  } catch {
    throw new Error("faultKey");
  }
}

async function documentOf(secret) {
  const opener = new Decrypter();
  try {
    opener.addIdentity(secret);
  } catch {
    throw new Error("faultKey");
  }
  try {
    const sealed = new Uint8Array(await element("sheet").files[0].arrayBuffer());
    const read = JSON.parse(await opener.decrypt(sealed, "text"));
    if (read.format !== FORMAT) throw new Error();
    return read;
  } catch {
    throw new Error("faultSheet");
  }
}

const pause = () => new Promise((done) => setTimeout(done, 30));

element("open").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("fault").hidden = true;
  element("busy").textContent = say("busy");
  await pause();
  try {
    shown = await documentOf(await secretOf());
    element("open").reset();
    tell(shown);
    show("told");
  } catch (fault) {
    element("fault").textContent = say(fault.message) || say("faultSheet");
    element("fault").hidden = false;
  }
  element("busy").textContent = "";
});

element("make").addEventListener("submit", async (event) => {
  event.preventDefault();
  const passphrase = element("new").value;
  element("make-fault").hidden = passphrase === element("again").value;
  element("make-fault").textContent = say("makeFault");
  if (!element("make-fault").hidden) return;
  element("make-busy").textContent = say("makeBusy");
  await pause();
  const secret = await generateX25519Identity();
  const recipient = await identityToRecipient(secret);
  const closer = new Encrypter();
  closer.setPassphrase(passphrase);
  const closed = await closer.encrypt(`# Serment, clé de continuité / continuity key\n# ${recipient}\n${secret}\n`);
  element("made-file").href = URL.createObjectURL(new Blob([closed]));
  element("made-secret").textContent = secret;
  element("made-public").textContent = recipient;
  element("make").reset();
  element("make-busy").textContent = "";
  show("made");
});

function show(section) {
  for (const one of ["ask", "told", "made"]) element(one).hidden = one !== section;
  window.scrollTo(0, 0);
}

function cell(row, text, kind) {
  const made = row.appendChild(document.createElement("td"));
  made.className = kind || "";
  made.textContent = text;
  return made;
}

function tell(sheet) {
  element("told-title").textContent = say("of", sheet.establishment, sheet.site);
  const moment = (instant) => `${dayOf(instant.slice(0, 10))}, ${clockOf(instant)}`;
  element("told-when").textContent = say("when", moment(sheet.issued), moment(sheet.until), sheet.zone);
  element("told-old").hidden = Date.now() - Date.parse(sheet.issued) < 2 * 3600 * 1000;
  element("told-old").textContent = say("old");
  const days = new Map();
  for (const line of sheet.lines) {
    const day = line.starts.slice(0, 10);
    days.set(day, [...(days.get(day) || []), line]);
  }
  element("days").replaceChildren();
  if (!days.size) element("days").appendChild(document.createElement("p")).textContent = say("none");
  for (const [day, lines] of days) tellDay(element("days"), day, lines);
}

function tellDay(into, day, lines) {
  into.appendChild(document.createElement("h2")).textContent = dayOf(day);
  const table = into.appendChild(document.createElement("table"));
  table.appendChild(document.createElement("caption")).textContent = say("count", lines.length);
  const head = table.createTHead().insertRow();
  for (const name of ["hour", "who", "born", "phone", "practitioner"]) {
    const made = head.appendChild(document.createElement("th"));
    made.scope = "col";
    made.textContent = say(name);
  }
  const body = table.createTBody();
  for (const line of lines) {
    const row = body.insertRow();
    cell(row, clockOf(line.starts), "hour");
    if (line.state === "named") {
      const who = cell(row, "");
      const family = who.appendChild(document.createElement("span"));
      family.className = "family";
      family.textContent = line.family_name.toUpperCase();
      who.append(` ${line.given_name}`);
      cell(row, bornOf(line.birth_date), "number");
      cell(row, phoneOf(line.phone), "number");
    } else {
      const without = cell(row, say(line.state === "frozen" ? "frozen" : "nameless"), "without");
      without.colSpan = 3;
    }
    cell(row, line.practitioner);
  }
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  if (pressed.dataset.language) speak(pressed.dataset.language);
  if ("print" in pressed.dataset) window.print();
  if ("back" in pressed.dataset) {
    shown = null;
    element("days").replaceChildren();
    element("made-secret").textContent = "";
    show("ask");
  }
});

speak(language);
