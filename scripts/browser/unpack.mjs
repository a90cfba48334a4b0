// Unpacks the browser into TMPDIR and prints where its program lies.
import chromium from "@sparticuz/chromium";

process.stdout.write(await chromium.executablePath());
