// mailauth's authenticate() over the same messages: the first line of input is {zone, ip, mail}, each further one how many
// messages to take next; each is answered with the seconds of processor that they took. The argument is the folder that
// has mailauth.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.argv[2]}/`);
const { authenticate } = require('mailauth');

const failed = code => Object.assign(new Error(code), { code });

const resolverOf = zone => async (name, type) => {
    const values = zone[name.toLowerCase().replace(/\.$/, '')]?.[type];
    if (!values) throw failed('ENOTFOUND');
    if (type === 'TXT') return values.map(value => [value]);
    if (type === 'MX') return values.map(value => ({ priority: +value.split(' ')[0], exchange: value.split(' ')[1] }));
    return values;
};

let given, resolver, at = 0;
for await (const line of createInterface({ input: process.stdin })) {
    if (!given) {
        given = JSON.parse(line);
        resolver = resolverOf(given.zone);
        given.mail.forEach(one => { one.raw = Buffer.from(one.raw, 'base64'); });
        process.stdout.write('0\n');
        continue;
    }
    const before = process.cpuUsage();
    for (let left = +line; left > 0; left--) {
        const { raw, sender, helo } = given.mail[at++ % given.mail.length];
        const found = await authenticate(raw, { ip: given.ip, helo, sender, mta: 'mx.example.net', resolver, disableBimi: true });
        const results = [found.spf.status.result, found.dkim.results[0].status.result, found.dmarc.status.result];
        if (results.some(result => result !== 'pass')) throw new Error(`mailauth says ${results}`);
    }
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(`${(user + system) / 1e6}\n`);
}
