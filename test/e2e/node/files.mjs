// node-tak's calls about files and packages, as CloudTAK makes them, with a client certificate; one JSON line each.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { File } from 'node:buffer';

globalThis.File ??= File; // Node 18 has it here only
const { TAKAPI, APIAuthCertificate } = await import('@tak-ps/node-tak');
const [port, certificate, key, zip] = process.argv.slice(2);
const tell = (name, value) => process.stdout.write(JSON.stringify({ name, value }) + '\n');
const hashOf = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const bytesOf = async (stream) => {
    const parts = [];
    for await (const part of stream) parts.push(part);
    return Buffer.concat(parts);
};

const api = await TAKAPI.init(new URL(`https://127.0.0.1:${port}`),
    new APIAuthCertificate(fs.readFileSync(certificate, 'utf8'), fs.readFileSync(key, 'utf8')));
const text = Buffer.from('exercise by node-tak');
const pack = fs.readFileSync(zip);

tell('upload', await api.Files.upload({ name: 'EX-node.txt', contentLength: text.length, contentType: 'text/plain',
    keywords: ['EX-one', 'EX-two'], creatorUid: 'EX-node', latitude: '24.86', longitude: '67.0' }, text));
tell('uploadPackage', await api.Files.uploadPackage({ name: 'EX-node.zip', creatorUid: 'EX-node', hash: hashOf(pack),
    keywords: ['EX-key'], mimetype: 'application/zip', groups: ['EX-fire'] }, pack));
tell('list', await api.Files.list());
tell('packages', await api.Package.list({ tool: 'public' }));
tell('meta', JSON.parse(await api.Files.meta(hashOf(pack))));
tell('download', hashOf(await bytesOf(await api.Files.download(hashOf(pack)))) === hashOf(pack));
tell('count', await api.Files.count());
tell('delete', await api.Files.delete(hashOf(text)));
tell('adminDelete', await api.Files.adminDelete(hashOf(pack)));
tell('none', await api.Files.list());
process.exit(0);
