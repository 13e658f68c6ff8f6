// The peer in Node.js: takes a lead, stores it, hands it to a network, notes what became of it, answers.
// It runs under a loop of its own over the Runtime API, as small as it can be: less than the managed runtime does.
'use strict';

const http = require('node:http');
const { randomUUID } = require('node:crypto');
const { DynamoDBClient, PutItemCommand, UpdateItemCommand } = require('@aws-sdk/client-dynamodb');

const table = new DynamoDBClient({});
const { TABLE_NAME, NETWORK_URL, AWS_LAMBDA_RUNTIME_API } = process.env;

async function handler(event) {
  const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body;
  const lead = JSON.parse(text);
  const id = randomUUID();
  const key = { pk: { S: `o#${id}` }, sk: { S: id } };
  await table.send(new PutItemCommand({
    TableName: TABLE_NAME,
    Item: { ...key, status: { S: 'queued' }, click: { S: lead.click_id ?? id }, lead: { S: text } },
    ConditionExpression: 'attribute_not_exists(pk)',
  }));
  const reply = await fetch(NETWORK_URL, {
    method: 'POST',
    body: new URLSearchParams({ id, name: lead.name, phone: lead.phone.replace(/\D/g, ''), country: lead.country }),
  });
  if (!reply.ok) throw new Error(`the network answered ${reply.status}`);
  const { uid } = await reply.json();
  await table.send(new UpdateItemCommand({
    TableName: TABLE_NAME,
    Key: key,
    UpdateExpression: 'SET #status = :delivered, nid = :nid',
    ConditionExpression: '#status = :queued',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':delivered': { S: 'delivered' }, ':queued': { S: 'queued' }, ':nid': { S: uid } },
  }));
  return {
    statusCode: 201,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ order_id: id, delivery: 'delivered', network_order_id: uid }),
  };
}

const [host, port] = AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = http.request({ host, port, method, path, agent, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve([response.headers, Buffer.concat(chunks)]));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function main() {
  const base = '/2018-06-01/runtime/invocation';
  for (;;) {
    const [headers, body] = await call('GET', `${base}/next`);
    const id = headers['lambda-runtime-aws-request-id'];
    try {
      await call('POST', `${base}/${id}/response`, JSON.stringify(await handler(JSON.parse(body))));
    } catch (error) {
      await call('POST', `${base}/${id}/error`, JSON.stringify({ errorType: error.name, errorMessage: error.message }));
    }
  }
}

main();
