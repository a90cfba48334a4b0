// Opens a continuity sheet from disk: no network (the page's own policy forbids it), no WebCrypto.
// Whoever knows the public key can seal a file to it, so the keeper's signature is asked for, and what
// a sheet says goes into the page as text only.
import { ed25519 } from "@noble/curves/ed25519.js";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";

const FORMAT = "serment-continuity-2";
const KEEPER = /^# keeper (\S+)$/m;
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
    faultSigned: "Cette fiche n’est pas signée par votre gardien : ne vous en servez pas, quelqu’un a pu la fabriquer. Prenez la fiche précédente et prévenez le responsable de la sécurité.",
    tooOld: (age, until) => `Cette fiche est trop vieille : faite il y a ${age}, elle allait jusqu’au ${until}. Elle ne dit plus qui vient. Cherchez-en une plus récente.`,
    anyway: "La lire quand même",
    signed: (keeper, hour, age) => `Signée par votre gardien (${keeper}) à ${hour}, il y a ${age}.`,
    signedLater: (keeper, hour) => `Signée par votre gardien (${keeper}) à ${hour} : plus tard que l’horloge de cet ordinateur. Vérifiez l’heure.`,
    unchecked: "Signature non vérifiée : ni ce lecteur ni la clé ne connaissent votre gardien. Téléchargez le lecteur depuis les pages du cabinet.",
    minutes: (n) => (n < 2 ? `${n} minute` : `${n} minutes`), hours: (n) => `${n} heures`, days: (n) => `${n} jours`,
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
    faultSigned: "This sheet is not signed by your keeper: do not use it, somebody may have made it up. Take the sheet before it and tell the security officer.",
    tooOld: (age, until) => `This sheet is too old: made ${age} ago, it reached until ${until}. It no longer says who comes. Look for a newer one.`,
    anyway: "Read it all the same",
    signed: (keeper, hour, age) => `Signed by your keeper (${keeper}) at ${hour}, ${age} ago.`,
    signedLater: (keeper, hour) => `Signed by your keeper (${keeper}) at ${hour}: later than this computer’s clock. Check the time.`,
    unchecked: "Signature not checked: neither this reader nor the key knows your keeper. Download the reader from the practice’s pages.",
    minutes: (n) => (n === 1 ? `${n} minute` : `${n} minutes`), hours: (n) => `${n} hours`, days: (n) => `${n} days`,
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
let waiting = null; // a sheet too old to be shown unasked

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
const moment = (instant) => `${dayOf(instant.slice(0, 10))}, ${clockOf(instant)}`;
const bornOf = (day) => (/^\d{4}-\d\d-\d\d$/.test(day) ? day.split("-").reverse().join("/") : day);
const phoneOf = (phone) => (/^\+33\d{9}$/.test(phone) ? `0${phone.slice(3)}`.replace(/(\d\d)(?=\d)/g, "$1 ") : phone);

const inReader = document.querySelector("meta[name=keeper]").content;
const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

// The secret half, and the keeper's public key as the key file or else this reader names it.
async function heldKey() {
  const typed = element("recovery").value.toUpperCase().replace(/\s/g, "");
  if (SECRET.test(typed)) return { secret: SECRET.exec(typed)[0], keeper: inReader };
  const file = element("key").files[0];
  if (!file) throw new Error("faultNoKey");
  const contents = new Uint8Array(await file.arrayBuffer());
  const opener = new Decrypter();
  opener.addPassphrase(element("passphrase").value);
  try {
    const told = await opener.decrypt(contents, "text");
    return { secret: SECRET.exec(told)[0], keeper: (KEEPER.exec(told) || [])[1] || inReader };
  } catch {
    throw new Error("faultKey");
  }
}

// "name+id+base64" and a signed note: text, an empty line, lines "— name base64(id ‖ signature)".
function isSigned(text, lines, keeper) {
  const known = bytesOf(keeper.split("+").slice(2).join("+"));
  if (known[0] !== 1) return false;
  const message = new TextEncoder().encode(text);
  return lines.split("\n").some((line) => {
    const words = line.split(" ");
    if (words.length !== 3 || words[0] !== "—") return false;
    try {
      return ed25519.verify(bytesOf(words[2]).slice(4), message, known.slice(1), { zip215: false });
    } catch {
      return false;
    }
  });
}

async function documentOf({ secret, keeper }) {
  const opener = new Decrypter();
  try {
    opener.addIdentity(secret);
  } catch {
    throw new Error("faultKey");
  }
  let read, text, lines;
  try {
    const whole = await opener.decrypt(new Uint8Array(await element("sheet").files[0].arrayBuffer()), "text");
    const end = whole.lastIndexOf("\n\n");
    text = whole.slice(0, end + 1);
    lines = whole.slice(end + 2);
    read = JSON.parse(text);
    if (read.format !== FORMAT) throw new Error();
  } catch {
    throw new Error("faultSheet");
  }
  if (keeper && !isSigned(text, lines, keeper)) throw new Error("faultSigned");
  return { ...read, checked: Boolean(keeper) };
}

function ageOf(sheet) {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(sheet.issued)) / 60000));
  if (minutes < 120) return say("minutes", minutes);
  return minutes < 48 * 60 ? say("hours", Math.floor(minutes / 60)) : say("days", Math.floor(minutes / 1440));
}

const pause = () => new Promise((done) => setTimeout(done, 30));

element("open").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("fault").hidden = true;
  element("anyway").hidden = true;
  element("busy").textContent = say("busy");
  await pause();
  try {
    const sheet = await documentOf(await heldKey());
    if (Date.now() > Date.parse(sheet.until)) refuseOld(sheet);
    else showSheet(sheet);
  } catch (fault) {
    element("fault").textContent = say(fault.message) || say("faultSheet");
    element("fault").hidden = false;
  }
  element("busy").textContent = "";
});

function refuseOld(sheet) {
  waiting = sheet;
  element("fault").textContent = say("tooOld", ageOf(sheet), moment(sheet.until));
  element("fault").hidden = false;
  element("anyway").hidden = false;
}

function showSheet(sheet) {
  shown = sheet;
  waiting = null;
  element("open").reset();
  element("fault").hidden = true;
  element("anyway").hidden = true;
  tell(shown);
  show("told");
}

element("anyway").addEventListener("click", () => showSheet(waiting));

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
  const closed = await closer.encrypt(`# Serment, clé de continuité / continuity key\n# ${recipient}\n${inReader ? `# keeper ${inReader}\n` : ""}${secret}\n`);
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
  element("told-when").textContent = say("when", moment(sheet.issued), moment(sheet.until), sheet.zone);
  const later = Date.parse(sheet.issued) > Date.now() + 10 * 60 * 1000;
  element("told-signed").textContent = !sheet.checked
    ? say("unchecked")
    : later ? say("signedLater", sheet.keeper, clockOf(sheet.issued)) : say("signed", sheet.keeper, clockOf(sheet.issued), ageOf(sheet));
  element("told-signed").classList.toggle("unchecked", !sheet.checked || later);
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
    waiting = null;
    element("days").replaceChildren();
    element("made-secret").textContent = "";
    show("ask");
  }
});

speak(language);
