// A subscriber as an application writes one with npm's sns-validator: it verifies each message, visits the confirmation link, and prints
// what it took, a JSON line each. HOST_PATTERN is the validator's own argument for the host of the certificate.
import http from 'node:http';
import MessageValidator from 'sns-validator';

const validator = new MessageValidator(new RegExp(process.env.HOST_PATTERN));
const print = (line) => process.stdout.write(JSON.stringify(line) + '\n');

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    validator.validate(Buffer.concat(chunks).toString('utf8'), async (error, message) => {
      if (error) {
        print({ error: String(error) });
        response.writeHead(400).end();
        return;
      }
      if (message.Type === 'SubscriptionConfirmation') {
        const visit = await fetch(message.SubscribeURL);
        print({ type: message.Type, status: visit.status });
      } else {
        print({ type: message.Type, header: request.headers['x-amz-sns-message-type'], message: JSON.parse(message.Message) });
      }
      response.writeHead(200).end();
    });
  });
});
server.listen(0, '127.0.0.1', () => print({ listening: server.address().port }));
