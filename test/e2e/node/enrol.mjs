// node-tak gets its credentials as CloudTAK does, by name and password, and lives by them: what is there over HTTPS,
// and the stream; one JSON line each.
import { File } from 'node:buffer';

globalThis.File ??= File; // Node 18 has it here only
const { default: TAK, TAKAPI, APIAuthCertificate, APIAuthPassword } = await import('@tak-ps/node-tak');
const [enrol, web, stream, name, password] = process.argv.slice(2);
const tell = (what, value) => process.stdout.write(JSON.stringify({ name: what, value: value ?? null }) + '\n');

const before = await TAKAPI.init(new URL(`https://localhost:${enrol}`), new APIAuthPassword(name, password));
const made = await before.Credentials.generate();
tell('credentials', made);

const api = await TAKAPI.init(new URL(`https://localhost:${web}`), new APIAuthCertificate(made.cert, made.key));
tell('contacts', await api.Contacts.list());
tell('groups', await api.Group.list());
tell('files', await api.Files.list());
tell('packages', await api.Package.list({ tool: 'public' }));
tell('missions', await api.Mission.list({}));

const tak = await TAK.connect(new URL(`ssl://localhost:${stream}`), { cert: made.cert, key: made.key },
    { id: 'EX-cloud' });
tak.on('cot', (cot) => {
    const { uid, type } = cot.raw.event._attributes;
    if (uid !== 'EX-F1') return;
    tell('heard', type);
    tak.destroy();
    process.exit(0);
});
tak.on('error', (problem) => { tell('error', String(problem)); process.exit(1); });
