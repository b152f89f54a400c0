// node-tak's calls about who and what is there, as CloudTAK makes them: with a certificate, and with a token; one JSON
// line each.
import fs from 'node:fs';
import { File } from 'node:buffer';

globalThis.File ??= File; // Node 18 has it here only
const { TAKAPI, APIAuthCertificate, APIAuthPassword } = await import('@tak-ps/node-tak');
const [port, certificate, key, name, password] = process.argv.slice(2);
const tell = (what, value) => process.stdout.write(JSON.stringify({ name: what, value }) + '\n');
const url = new URL(`https://127.0.0.1:${port}`);

const api = await TAKAPI.init(url,
    new APIAuthCertificate(fs.readFileSync(certificate, 'utf8'), fs.readFileSync(key, 'utf8')));
tell('contacts', await api.Contacts.list());
tell('clients', await api.Client.list({ secAgo: 3600, showCurrentlyConnectedClients: 'true', group: ['EX-fire'] }));
tell('subscriptions', await api.Subscription.list({ sortBy: 'CALLSIGN', direction: 'ASCENDING', page: -1, limit: -1 }));
tell('iconsets', await api.Iconsets.list());
tell('injectors', await api.Injectors.list());
tell('repeater', await api.Repeater.list());
tell('config', await api.Files.config());
tell('single', await api.Query.single('EX-MARK'));
tell('feature', await api.Query.singleFeat('EX-MARK'));
tell('history', (await api.Query.historyFeats('EX-MARK', { secago: '3600' })).map((f) => f.id));
const video = await api.Video.create({ alias: 'EX camera', active: true, feeds: [
    { alias: 'EX camera', active: true, url: 'rtsp://192.0.2.9:554/roof' }] });
tell('video', video);
tell('videos', await api.Video.list());
await api.Video.update({ ...video, alias: 'EX camera 2' });
tell('changed', (await api.Video.get(video.uuid)).alias);
await api.Video.delete(video.uuid);
tell('none', await api.Video.list());
const kml = [];
for await (const part of await api.Export.export({ startTime: new Date(Date.now() - 3600000).toISOString(),
    endTime: new Date(Date.now() + 1000).toISOString(), groups: ['EX-fire'], format: 'kmz' })) kml.push(part);
tell('export', Buffer.concat(kml).subarray(0, 2).toString());

const byName = await TAKAPI.init(url, new APIAuthPassword(name, password));
tell('login', (await byName.OAuth.login({ username: name, password })).contents);
tell('with token', (await byName.Contacts.list()).length);
try {
    await byName.OAuth.login({ username: name, password: 'wrong' });
    tell('wrong', 'was let in');
} catch (problem) {
    tell('wrong', problem.safe ?? String(problem));
}
process.exit(0);
