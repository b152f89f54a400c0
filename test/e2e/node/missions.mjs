// node-tak's Mission calls, as CloudTAK makes them, with a client certificate; one JSON line each.
import fs from 'node:fs';
import { File } from 'node:buffer';
import { Readable } from 'node:stream';

globalThis.File ??= File; // Node 18 has it here only
const { TAKAPI, APIAuthCertificate } = await import('@tak-ps/node-tak');
const [port, certificate, key, zip, hash, uid, other] = process.argv.slice(2);
const tell = (name, value) => process.stdout.write(JSON.stringify({ name, value: value ?? null }) + '\n');
const bytesOf = async (stream) => {
    const parts = [];
    for await (const part of stream) parts.push(part);
    return Buffer.concat(parts);
};

const api = await TAKAPI.init(new URL(`https://127.0.0.1:${port}`),
    new APIAuthCertificate(fs.readFileSync(certificate, 'utf8'), fs.readFileSync(key, 'utf8')));
const { Mission, MissionLog, MissionLayer, MissionInvite } = api;

const made = await Mission.create({ name: 'EX node', creatorUid: uid, description: 'by node-tak', group: ['EX-fire'],
    keywords: ['k1', 'k2'], defaultRole: 'MISSION_SUBSCRIBER' });
tell('create', made);
const opts = { token: made.token };
const { guid } = made;
for (const id of ['EX node', guid]) {
    const by = id === guid ? 'guid' : 'name';
    tell(`${by}.get`, await Mission.get(id, { changes: true, logs: true }, opts));
    tell(`${by}.access`, await Mission.access(id, opts));
    tell(`${by}.subscribe`, await Mission.subscribe(id, { uid }, opts));
    tell(`${by}.subscription`, await Mission.subscription(id, { uid }, opts));
    tell(`${by}.subscriptions`, await Mission.subscriptions(id, opts));
    tell(`${by}.subscriptionRoles`, await Mission.subscriptionRoles(id, opts));
    tell(`${by}.role`, await Mission.role(id, opts));
    await Mission.attachContents(id, { hashes: [hash], uids: ['EX-marker'] }, opts);
    tell(`${by}.changes`, await Mission.changes(id, { secago: 3600 }, opts));
    tell(`${by}.latestCots`, await Mission.latestCots(id, opts));
    tell(`${by}.latestFeats`, await Mission.latestFeats(id, opts));
    tell(`${by}.contacts`, await Mission.contacts(id, opts));
    await Mission.detachContents(id, { uid: 'EX-marker' }, opts);
    tell(`${by}.upload`, await Mission.upload(id, uid, Readable.from(fs.readFileSync(zip)), opts));
    const layer = await MissionLayer.create(id, { name: `EX layer ${by}`, type: 'UID', creatorUid: uid }, opts);
    tell(`${by}.layer`, layer);
    await MissionLayer.rename(id, layer.data.uid, { name: `EX renamed ${by}`, creatorUid: uid }, opts);
    tell(`${by}.layers`, await MissionLayer.list(id, opts));
    tell(`${by}.layer.get`, await MissionLayer.get(id, layer.data.uid, opts));
    tell(`${by}.layer.feats`, await MissionLayer.latestFeats(id, layer.data.uid, opts));
    await MissionLayer.delete(id, { uid: [layer.data.uid], creatorUid: uid }, opts);
    tell(`${by}.layers.none`, await MissionLayer.list(id, opts));
    const log = await MissionLog.create(id, { dtg: '2026-01-02T03:04:05Z', content: `EX by ${by}`, creatorUid: uid,
        keywords: ['k'] }, opts);
    tell(`${by}.log`, log);
    // MissionLog.get() of 12.0.0 says no method, which its own fetch refuses.
    tell(`${by}.log.get`, await api.fetch(new URL(`/Marti/api/missions/logs/entries/${log.data.id}`, api.url),
        { method: 'GET' }));
    tell(`${by}.log.update`, await MissionLog.update(id, { id: log.data.id, dtg: '2026-01-02T03:04:06Z',
        content: `EX changed by ${by}`, creatorUid: uid }, opts));
    if (by === 'guid') await MissionLog.delete(log.data.id, opts);
    await MissionInvite.invite(id, 'clientUid', other, { creatorUid: uid, role: 'MISSION_READONLY_SUBSCRIBER' }, opts);
    tell(`${by}.invites`, await MissionInvite.get(id, opts));
    await MissionInvite.uninvite(id, 'clientUid', other, { creatorUid: uid }, opts);
    tell(`${by}.invites.none`, await MissionInvite.get(id, opts));
    tell(`${by}.unsubscribe`, await Mission.unsubscribe(id, { uid, disconnectOnly: true }, opts));
}
tell('invitations', await MissionInvite.list(uid));
tell('archive', (await bytesOf(await Mission.getArchive('EX node', opts))).subarray(0, 2).toString());
tell('update', await Mission.update('EX node', { description: 'changed', group: ['EX-fire'], keywords: ['k3'] }, opts));
tell('list', await Mission.list({ passwordProtected: true, defaultRole: true }));
await Mission.setRole('EX node', { clientUid: uid, username: 'EX-n', role: 'MISSION_OWNER' }, opts);
tell('final', await Mission.get(guid, { logs: true }, opts));
tell('delete', await Mission.delete(guid, { creatorUid: uid }));
tell('gone', await Mission.list({}));
process.exit(0);
