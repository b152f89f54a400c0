// node-tak and node-cot as CloudTAK uses them: connects over TLS, tells in JSON lines what it hears, sends what it is told.
import fs from 'node:fs';
import readline from 'node:readline';
import { File } from 'node:buffer';

globalThis.File ??= File; // Node 18 has it here only
const { default: TAK } = await import('@tak-ps/node-tak');
const { CoTParser, DirectChat } = await import('@tak-ps/node-cot');
const [port, certificate, key, ca] = process.argv.slice(2);
const tell = (what) => process.stdout.write(JSON.stringify(what) + '\n');

const tak = await TAK.connect(
    new URL(`ssl://127.0.0.1:${port}`),
    { cert: fs.readFileSync(certificate, 'utf8'), key: fs.readFileSync(key, 'utf8'), ca: fs.readFileSync(ca, 'utf8') },
    { id: 'cordon' }
);
let open = false;
tak.on('ping', () => {
    if (!open) tell({ open: tak.open, version: tak.version ?? null });
    open = true;
});
tak.on('cot', async (cot) => {
    const attributes = cot.raw.event._attributes;
    let feature = null;
    try {
        feature = await CoTParser.to_geojson(cot);
    } catch (problem) {
        tell({ problem: String(problem), uid: attributes.uid });
    }
    tell({ uid: attributes.uid, type: attributes.type, callsign: cot.callsign?.() ?? null, feature });
});
tak.on('error', (problem) => tell({ error: String(problem) }));
tak.on('end', () => tell({ end: true }));

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
    const asked = JSON.parse(line);
    if (asked.feature) await tak.write([await CoTParser.from_geojson(asked.feature)]);
    if (asked.chat) await tak.write([new DirectChat(asked.chat)]);
    if (asked.xml) tak.write_xml(asked.xml);
    if (asked.version) return tell({ version: tak.version ?? null, open: tak.open });
    await tak.flush();
    tell({ sent: asked.name ?? true });
}).on('close', () => { tak.destroy(); process.exit(0); });
