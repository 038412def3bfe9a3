// A subscriber that has both validators of npm look at each message, as they come: with the hosts of Amazon, and no argument of ours. It visits
// the confirmation link of a subscription, and prints what it took, a JSON line each.
import http from 'node:http';
import MessageValidator from 'sns-validator';
import PayloadValidator from 'sns-payload-validator';

const message = new MessageValidator();
const payload = new PayloadValidator();
const print = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const words = (error) => String(error?.message ?? error);

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const text = Buffer.concat(chunks).toString('utf8');
    const line = { header: request.headers['x-amz-sns-message-type'], envelope: JSON.parse(text) };
    line.snsValidator = await new Promise((done) => message.validate(text, (error) => done(error ? words(error) : 'accepted')));
    line.payloadValidator = await payload.validate(text).then(() => 'accepted', words);
    if (line.header === 'SubscriptionConfirmation') {
      line.visited = await fetch(line.envelope.SubscribeURL).then((answer) => answer.status, words);
    }
    print(line);
    response.writeHead(200).end();
  });
});
server.listen(0, '127.0.0.1', () => print({ listening: server.address().port }));
