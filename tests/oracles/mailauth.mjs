// SPF, DKIM and DMARC by mailauth: JSON lines of {zone, …} in, of results out. The argument is the folder that has mailauth.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.argv[2]}/`);
const { spf } = require('mailauth/lib/spf');
const { dkimVerify } = require('mailauth/lib/dkim/verify');
const { dmarc } = require('mailauth/lib/dmarc');

console.log = console.error; // stdout is for answers

const failed = code => Object.assign(new Error(code), { code });

const resolverOf = zone => async (name, type) => {
    const node = zone[name.toLowerCase().replace(/\.$/, '')];
    if (node === undefined) throw failed('ENOTFOUND');
    if (typeof node === 'string') throw failed(node === 'TIMEOUT' ? 'ETIMEOUT' : 'ESERVFAIL');
    const values = node[type];
    if (!values) throw failed('ENODATA');
    if (type === 'TXT') return values.map(value => [value]);
    if (type === 'MX') return values.map(value => ({ priority: +value.split(' ')[0], exchange: value.split(' ')[1] }));
    return values;
};

const kinds = {
    spf: async ({ ip, sender, helo }, resolver) => {
        const { status } = await spf({ ip, sender, helo, mta: 'mx.example.com', resolver });
        return { result: status.result, text: status.comment || '' };
    },
    dkim: async ({ raw }, resolver) => {
        const { results } = await dkimVerify(Buffer.from(raw, 'base64'), { resolver, minBitLength: 1024 });
        return { signatures: results.map(one => ({ result: one.status.result, detail: one.status.comment || '', domain: one.signingDomain })) };
    },
    dmarc: async ({ author, spfDomains, dkimDomains }, resolver) => {
        const { status, policy } = await dmarc({
            headerFrom: [author],
            spfDomains,
            dkimDomains: dkimDomains.map((domain, id) => ({ id: String(id), domain })),
            resolver
        });
        return { result: status.result, policy: policy || '', text: status.comment || '' };
    }
};

for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    let answer;
    try {
        answer = await kinds[question.kind](question, resolverOf(question.zone));
    } catch (error) {
        answer = { result: 'error', text: String(error), signatures: [] };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
