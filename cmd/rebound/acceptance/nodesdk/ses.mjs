// Uses SES v2 and v1 as a program with the AWS SDK for JavaScript does, then goes through the calls with which useSend sets itself up, and
// prints what came of it as JSON: ses.mjs ENDPOINT TOPIC MESSAGE-ID ADDRESSES WEBHOOK.
import { SES } from '@aws-sdk/client-ses'
import { SESv2 } from '@aws-sdk/client-sesv2'
import { SNS } from '@aws-sdk/client-sns'

const [endpoint, topic, message, addresses, hook] = process.argv.slice(2)
const { KEY_ID: accessKeyId, KEY_SECRET: secretAccessKey } = process.env
const settings = { endpoint, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 }
const v2 = new SESv2(settings)
const v1 = new SES(settings)
const code = (call) => call.then(() => 'no error', (error) => error.Error?.Code ?? error.Code ?? error.name)
const hour = 3600 * 1000

const run = async (SuppressionListImportAction, S3Url) => {
  const { JobId } = await v2.createImportJob({
    ImportDestination: { SuppressionListDestination: { SuppressionListImportAction } },
    ImportDataSource: { S3Url, DataFormat: 'CSV' }
  })
  for (;;) {
    const done = await v2.getImportJob({ JobId })
    if (!['CREATED', 'PROCESSING'].includes(done.JobStatus)) return done
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
const listed = async (query = {}) => {
  const found = new Set()
  let pages = 0
  for (let NextToken; ;) {
    const page = await v2.listSuppressedDestinations({ ...query, NextToken })
    page.SuppressedDestinationSummaries.forEach((one) => found.add(one.EmailAddress))
    pages++
    if (!(NextToken = page.NextToken)) return [found.size, pages]
  }
}

const out = { shown: [], gone: [] }
for (const EmailAddress of JSON.parse(addresses)) {
  await v2.putSuppressedDestination({ EmailAddress, Reason: 'BOUNCE' })
  const shown = (await v2.getSuppressedDestination({ EmailAddress })).SuppressedDestination
  out.shown.push([shown.EmailAddress, shown.Reason, 'Attributes' in shown, Math.abs(shown.LastUpdateTime - Date.now()) < hour])
  await v2.deleteSuppressedDestination({ EmailAddress })
  out.gone.push(await code(v2.getSuppressedDestination({ EmailAddress })), await code(v2.deleteSuppressedDestination({ EmailAddress })))
}
out.badReason = await code(v2.putSuppressedDestination({ EmailAddress: 'jane@example.net', Reason: 'SPAM' }))
out.badToken = await code(v2.listSuppressedDestinations({ NextToken: 'x' }))
const done = await run('PUT', 's3://import/many.csv')
out.import = done.JobStatus
out.processed = done.ProcessedRecordsCount
out.all = await listed({ PageSize: 1000 })
out.complaints = await listed({ Reasons: ['COMPLAINT'], PageSize: 1000 })
const [before, after] = [new Date(Date.now() - hour), new Date(Date.now() + hour)]
out.both = await listed({ Reasons: ['COMPLAINT', 'BOUNCE'], StartDate: before, EndDate: after, PageSize: 500 })
out.later = await listed({ StartDate: after })
const { ImportJobs } = await v2.listImportJobs({ ImportDestinationType: 'SUPPRESSION_LIST', PageSize: 10 })
out.listed = ImportJobs.some((one) => one.JobId === done.JobId)
await run('DELETE', 's3://import/many.csv')
out.left = await listed()
await v2.putAccountSuppressionAttributes({ SuppressedReasons: ['COMPLAINT'] })
out.account = (await v2.getAccount({})).SuppressionAttributes.SuppressedReasons
await v2.putAccountSuppressionAttributes({ SuppressedReasons: ['BOUNCE', 'COMPLAINT'] })
const ConfigurationSetName = 'javascript'
await v2.createConfigurationSet({ ConfigurationSetName })
await v2.putConfigurationSetSuppressionOptions({ ConfigurationSetName, SuppressedReasons: ['BOUNCE'] })
out.set = (await v2.getConfigurationSet({ ConfigurationSetName })).SuppressionOptions.SuppressedReasons
await v2.deleteConfigurationSet({ ConfigurationSetName })
out.send = await code(v2.sendEmail({
  FromEmailAddress: 'news@example.org',
  Destination: { ToAddresses: ['jane@example.net'] },
  Content: { Simple: { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hi' } } } }
}))

const Identity = 'javascript.example'
out.token = (await v1.verifyDomainIdentity({ Domain: Identity })).VerificationToken.length
out.noTopic = await code(v1.setIdentityFeedbackForwardingEnabled({ Identity, ForwardingEnabled: false }))
for (const NotificationType of ['Bounce', 'Complaint']) await v1.setIdentityNotificationTopic({ Identity, NotificationType, SnsTopic: topic })
await v1.setIdentityFeedbackForwardingEnabled({ Identity, ForwardingEnabled: false })
await v1.setIdentityHeadersInNotificationsEnabled({ Identity, NotificationType: 'Bounce', Enabled: false })
const { NotificationAttributes } = await v1.getIdentityNotificationAttributes({ Identities: [Identity, 'none.example'] })
out.identities = Object.keys(NotificationAttributes).sort()
const found = NotificationAttributes[Identity]
out.settings = [found.BounceTopic === topic, found.ComplaintTopic === topic, found.DeliveryTopic !== undefined, found.ForwardingEnabled,
  found.HeadersInBounceNotificationsEnabled, found.HeadersInComplaintNotificationsEnabled]
out.badIdentity = await code(v1.setIdentityNotificationTopic({ Identity: 'none.example', NotificationType: 'Bounce', SnsTopic: topic }))
out.badTopic = await code(v1.setIdentityNotificationTopic({ Identity, NotificationType: 'Bounce', SnsTopic: topic + 'x' }))
const quota = await v1.getSendQuota({})
out.quota = [quota.Max24HourSend, quota.SentLast24Hours > 0]
out.attempts = (await v1.getSendStatistics({})).SendDataPoints.some((point) => point.DeliveryAttempts > 0)
const bounce = { BounceSender: 'postmaster@' + Identity, BouncedRecipientInfoList: [{ Recipient: 'info@example.org', BounceType: 'DoesNotExist' }] }
out.bounced = (await v1.sendBounce({ OriginalMessageId: message, ...bounce })).MessageId.length
out.rejected = await code(v1.sendBounce({ OriginalMessageId: 'none', ...bounce }))
out.setUp = await useSend()
console.log(JSON.stringify(out))

// useSend asks for the quota, makes a topic with a subscription, a configuration set for each kind of tracking with events to the topic, and
// identities; later it takes addresses off the list, and in the end all goes away.
async function useSend () {
  const sns = new SNS(settings)
  const asked = async (path) => (await fetch(hook + path)).json()
  const { SendQuota, SendingEnabled } = await v2.getAccount({})
  const { TopicArn } = await sns.createTopic({ Name: 'usesend' })
  await sns.subscribe({ TopicArn, Protocol: 'http', Endpoint: hook })
  await sns.confirmSubscription({ TopicArn, Token: (await asked('/token')).Token })
  const ConfigurationSetName = 'usesend-general'
  await v2.createConfigurationSet({ ConfigurationSetName })
  await v2.createConfigurationSetEventDestination({
    ConfigurationSetName,
    EventDestinationName: 'usesend_destination',
    EventDestination: {
      Enabled: true,
      MatchingEventTypes: ['BOUNCE', 'COMPLAINT', 'DELIVERY', 'DELIVERY_DELAY', 'REJECT', 'RENDERING_FAILURE', 'SEND', 'SUBSCRIPTION'],
      SnsDestination: { TopicArn }
    }
  })
  const { EventDestinations: [destination] } = await v2.getConfigurationSetEventDestinations({ ConfigurationSetName })
  const told = (await asked('/message')).Message
  const identity = await v2.createEmailIdentity({ EmailIdentity: 'usesend.example', DkimSigningAttributes: { DomainSigningPrivateKey: 'a2V5', DomainSigningSelector: 'usesend' } })
  const shown = await v2.getEmailIdentity({ EmailIdentity: 'usesend.example' })
  const unknown = await code(v2.deleteSuppressedDestination({ EmailAddress: 'nobody@example.net' }))
  await v2.deleteEmailIdentity({ EmailIdentity: 'usesend.example' })
  await v2.deleteConfigurationSet({ ConfigurationSetName })
  await sns.deleteTopic({ TopicArn })
  return [SendQuota.Max24HourSend, SendingEnabled, destination.Name, destination.MatchingEventTypes.length, told, identity.IdentityType, shown.VerificationStatus, unknown]
}
