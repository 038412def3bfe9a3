// Uses SNS as a program with the AWS SDK for JavaScript does, and prints what came of it as JSON: sns.mjs ENDPOINT WEBHOOK.
import { SNS } from '@aws-sdk/client-sns'

const [endpoint, hook] = process.argv.slice(2)
const client = (accessKeyId, secretAccessKey, more = {}) =>
  new SNS({ endpoint, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1, ...more })
const asked = async (path) => (await fetch(hook + path)).json()
const code = (call) => call.then(() => 'no error', (error) => error.Error?.Code ?? error.Code ?? error.name)

const { KEY_ID, KEY_SECRET, LIMITED_ID, LIMITED_SECRET } = process.env
const sns = client(KEY_ID, KEY_SECRET)
const { TopicArn } = await sns.createTopic({ Name: 'javascript', Attributes: { DisplayName: 'Feedback' }, Tags: [{ Key: 'team', Value: 'mail' }] })
const out = { topic: TopicArn }
out.subscribed = (await sns.subscribe({ TopicArn, Protocol: 'http', Endpoint: hook, Attributes: { FilterPolicy: '{"kind":["greeting"]}' } })).SubscriptionArn
const { SubscriptionArn } = await sns.confirmSubscription({ TopicArn, Token: (await asked('/token')).Token, AuthenticateOnUnsubscribe: 'true' })
out.confirmed = SubscriptionArn.startsWith(TopicArn + ':')
out.listed = (await sns.listTopics({})).Topics.some((one) => one.TopicArn === TopicArn)
out.endpoints = (await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions.map((one) => one.Endpoint)
await sns.setSubscriptionAttributes({ SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' })
const subscription = (await sns.getSubscriptionAttributes({ SubscriptionArn })).Attributes
out.raw = subscription.RawMessageDelivery
out.authenticated = subscription.ConfirmationWasAuthenticated
await sns.setSubscriptionAttributes({ SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'false' })
await sns.setTopicAttributes({ TopicArn, AttributeName: 'DisplayName', AttributeValue: 'News' })
const topic = (await sns.getTopicAttributes({ TopicArn })).Attributes
out.displayName = topic.DisplayName
out.count = topic.SubscriptionsConfirmed
await sns.tagResource({ ResourceArn: TopicArn, Tags: [{ Key: 'a', Value: 'b' }] })
await sns.untagResource({ ResourceArn: TopicArn, TagKeys: ['team'] })
out.tags = Object.fromEntries((await sns.listTagsForResource({ ResourceArn: TopicArn })).Tags.map((tag) => [tag.Key, tag.Value]))
const MessageAttributes = { kind: { DataType: 'String', StringValue: 'greeting' } }
const published = await sns.publish({ TopicArn, Message: 'Grüße', Subject: 'Hi', MessageAttributes })
const received = await asked('/message')
out.same = received.MessageId === published.MessageId
out.message = received.Message
out.subject = received.Subject
const batch = await sns.publishBatch({ TopicArn, PublishBatchRequestEntries: [{ Id: '1', Message: 'a' }, { Id: '2', Message: 'b', Subject: '\n' }] })
out.batch = [batch.Successful.map((one) => one.Id), batch.Failed.map((one) => one.Id)]
await sns.unsubscribe({ SubscriptionArn })
out.left = (await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions.length
out.denied = await code(client(LIMITED_ID, LIMITED_SECRET).deleteTopic({ TopicArn }))
await sns.deleteTopic({ TopicArn })
out.gone = await code(sns.getTopicAttributes({ TopicArn }))
out.unknownKey = await code(client('AKIAAAAAAAAAAAAAAAAA', KEY_SECRET).listTopics({}))
out.wrongSecret = await code(client(KEY_ID, 'x' + KEY_SECRET).listTopics({}))
out.oldDate = await code(client(KEY_ID, KEY_SECRET, { systemClockOffset: -16 * 60 * 1000 }).listTopics({}))
console.log(JSON.stringify(out))
