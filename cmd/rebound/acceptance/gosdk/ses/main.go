// Command ses uses SES v2 and v1 as a program with aws-sdk-go-v2 does, then goes through the calls with which Notifuse sets itself up, and
// prints what came of it as JSON: ses ENDPOINT TOPIC MESSAGE-ID ADDRESSES WEBHOOK.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	v1types "github.com/aws/aws-sdk-go-v2/service/ses/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
)

var (
	ctx    = context.Background()
	config aws.Config
	out    = map[string]any{}
)

func main() {
	config = aws.Config{BaseEndpoint: &os.Args[1], Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("KEY_ID"), os.Getenv("KEY_SECRET"), "")}
	topic, message, hook := os.Args[2], os.Args[3], os.Args[5]
	var addresses []string
	must(0, json.Unmarshal([]byte(os.Args[4]), &addresses))
	v2, v1 := sesv2.NewFromConfig(config), ses.NewFromConfig(config)
	suppression(v2, addresses)
	lists(v2)
	settings(v2)
	notifications(v1, topic)
	sending(v1, message)
	out["setUp"] = notifuse(v1, hook)
	must(0, json.NewEncoder(os.Stdout).Encode(out))
}

func suppression(c *sesv2.Client, addresses []string) {
	shown, gone := [][]any{}, []string{}
	for _, address := range addresses {
		must(c.PutSuppressedDestination(ctx, &sesv2.PutSuppressedDestinationInput{EmailAddress: &address, Reason: types.SuppressionListReasonBounce}))
		one := must(c.GetSuppressedDestination(ctx, &sesv2.GetSuppressedDestinationInput{EmailAddress: &address})).SuppressedDestination
		shown = append(shown, []any{*one.EmailAddress, one.Reason, one.Attributes != nil, time.Since(*one.LastUpdateTime).Abs() < time.Hour})
		must(c.DeleteSuppressedDestination(ctx, &sesv2.DeleteSuppressedDestinationInput{EmailAddress: &address}))
		_, err := c.GetSuppressedDestination(ctx, &sesv2.GetSuppressedDestinationInput{EmailAddress: &address})
		_, again := c.DeleteSuppressedDestination(ctx, &sesv2.DeleteSuppressedDestinationInput{EmailAddress: &address})
		gone = append(gone, code(err), code(again))
	}
	out["shown"], out["gone"] = shown, gone
	_, err := c.PutSuppressedDestination(ctx, &sesv2.PutSuppressedDestinationInput{EmailAddress: aws.String("jane@example.net"), Reason: "SPAM"})
	out["badReason"] = code(err)
	_, err = c.ListSuppressedDestinations(ctx, &sesv2.ListSuppressedDestinationsInput{NextToken: aws.String("x")})
	out["badToken"] = code(err)
}

func lists(c *sesv2.Client) {
	listed := func(query sesv2.ListSuppressedDestinationsInput) [2]int {
		found, pages := map[string]bool{}, 0
		for {
			page := must(c.ListSuppressedDestinations(ctx, &query))
			for _, one := range page.SuppressedDestinationSummaries {
				found[*one.EmailAddress] = true
			}
			pages++
			if query.NextToken = page.NextToken; query.NextToken == nil {
				return [2]int{len(found), pages}
			}
		}
	}
	run := func(action types.SuppressionListImportAction) *sesv2.GetImportJobOutput {
		job := must(c.CreateImportJob(ctx, &sesv2.CreateImportJobInput{ImportDataSource: &types.ImportDataSource{S3Url: aws.String("s3://import/many.csv"), DataFormat: types.DataFormatCsv},
			ImportDestination: &types.ImportDestination{SuppressionListDestination: &types.SuppressionListDestination{SuppressionListImportAction: action}}})).JobId
		for {
			done := must(c.GetImportJob(ctx, &sesv2.GetImportJobInput{JobId: job}))
			if done.JobStatus != types.JobStatusCreated && done.JobStatus != types.JobStatusProcessing {
				return done
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	done := run(types.SuppressionListImportActionPut)
	out["import"], out["processed"] = done.JobStatus, done.ProcessedRecordsCount
	before, after := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	both := []types.SuppressionListReason{types.SuppressionListReasonComplaint, types.SuppressionListReasonBounce}
	out["all"] = listed(sesv2.ListSuppressedDestinationsInput{PageSize: aws.Int32(1000)})
	out["complaints"] = listed(sesv2.ListSuppressedDestinationsInput{Reasons: both[:1], PageSize: aws.Int32(1000)})
	out["both"] = listed(sesv2.ListSuppressedDestinationsInput{Reasons: both, StartDate: &before, EndDate: &after, PageSize: aws.Int32(500)})
	out["later"] = listed(sesv2.ListSuppressedDestinationsInput{StartDate: &after})
	out["listed"] = slices.ContainsFunc(must(c.ListImportJobs(ctx, &sesv2.ListImportJobsInput{ImportDestinationType: types.ImportDestinationTypeSuppressionList, PageSize: aws.Int32(10)})).ImportJobs,
		func(one types.ImportJobSummary) bool { return *one.JobId == *done.JobId })
	run(types.SuppressionListImportActionDelete)
	out["left"] = listed(sesv2.ListSuppressedDestinationsInput{})
}

func settings(c *sesv2.Client) {
	both := []types.SuppressionListReason{types.SuppressionListReasonBounce, types.SuppressionListReasonComplaint}
	must(c.PutAccountSuppressionAttributes(ctx, &sesv2.PutAccountSuppressionAttributesInput{SuppressedReasons: both[1:]}))
	out["account"] = must(c.GetAccount(ctx, &sesv2.GetAccountInput{})).SuppressionAttributes.SuppressedReasons
	must(c.PutAccountSuppressionAttributes(ctx, &sesv2.PutAccountSuppressionAttributesInput{SuppressedReasons: both}))
	set := aws.String("go")
	must(c.CreateConfigurationSet(ctx, &sesv2.CreateConfigurationSetInput{ConfigurationSetName: set}))
	must(c.PutConfigurationSetSuppressionOptions(ctx, &sesv2.PutConfigurationSetSuppressionOptionsInput{ConfigurationSetName: set, SuppressedReasons: both[:1]}))
	out["set"] = must(c.GetConfigurationSet(ctx, &sesv2.GetConfigurationSetInput{ConfigurationSetName: set})).SuppressionOptions.SuppressedReasons
	must(c.DeleteConfigurationSet(ctx, &sesv2.DeleteConfigurationSetInput{ConfigurationSetName: set}))
	text := &types.Content{Data: aws.String("Hi")}
	_, err := c.SendEmail(ctx, &sesv2.SendEmailInput{FromEmailAddress: aws.String("news@example.org"), Destination: &types.Destination{ToAddresses: []string{"jane@example.net"}},
		Content: &types.EmailContent{Simple: &types.Message{Subject: text, Body: &types.Body{Text: text}}}})
	out["send"] = code(err)
}

func notifications(c *ses.Client, topic string) {
	identity := aws.String("go.example")
	out["token"] = len(*must(c.VerifyDomainIdentity(ctx, &ses.VerifyDomainIdentityInput{Domain: identity})).VerificationToken)
	_, err := c.SetIdentityFeedbackForwardingEnabled(ctx, &ses.SetIdentityFeedbackForwardingEnabledInput{Identity: identity})
	out["noTopic"] = code(err)
	set := func(identity string, kind v1types.NotificationType, topic string) error {
		_, err := c.SetIdentityNotificationTopic(ctx, &ses.SetIdentityNotificationTopicInput{Identity: &identity, NotificationType: kind, SnsTopic: &topic})
		return err
	}
	must(0, set(*identity, v1types.NotificationTypeBounce, topic))
	must(0, set(*identity, v1types.NotificationTypeComplaint, topic))
	must(c.SetIdentityFeedbackForwardingEnabled(ctx, &ses.SetIdentityFeedbackForwardingEnabledInput{Identity: identity}))
	must(c.SetIdentityHeadersInNotificationsEnabled(ctx, &ses.SetIdentityHeadersInNotificationsEnabledInput{Identity: identity, NotificationType: v1types.NotificationTypeBounce}))
	all := must(c.GetIdentityNotificationAttributes(ctx, &ses.GetIdentityNotificationAttributesInput{Identities: []string{*identity, "none.example"}})).NotificationAttributes
	found := all[*identity]
	out["identities"] = slices.Sorted(maps.Keys(all))
	out["settings"] = []bool{*found.BounceTopic == topic, *found.ComplaintTopic == topic, found.DeliveryTopic != nil, found.ForwardingEnabled,
		found.HeadersInBounceNotificationsEnabled, found.HeadersInComplaintNotificationsEnabled}
	out["badIdentity"] = code(set("none.example", v1types.NotificationTypeBounce, topic))
	out["badTopic"] = code(set(*identity, v1types.NotificationTypeBounce, topic+"x"))
}

func sending(c *ses.Client, message string) {
	quota := must(c.GetSendQuota(ctx, &ses.GetSendQuotaInput{}))
	out["quota"] = []any{quota.Max24HourSend, quota.SentLast24Hours > 0}
	out["attempts"] = slices.ContainsFunc(must(c.GetSendStatistics(ctx, &ses.GetSendStatisticsInput{})).SendDataPoints,
		func(point v1types.SendDataPoint) bool { return point.DeliveryAttempts > 0 })
	bounce := &ses.SendBounceInput{OriginalMessageId: &message, BounceSender: aws.String("postmaster@go.example"),
		BouncedRecipientInfoList: []v1types.BouncedRecipientInfo{{Recipient: aws.String("info@example.org"), BounceType: v1types.BounceTypeDoesNotExist}}}
	out["bounced"] = len(*must(c.SendBounce(ctx, bounce)).MessageId)
	bounce.OriginalMessageId = aws.String("none")
	_, err := c.SendBounce(ctx, bounce)
	out["rejected"] = code(err)
}

// notifuse looks whether its configuration set is there and makes it, does the same with its topic, and puts the topic into the set; on a
// change it updates what is there, and in the end it takes it away.
func notifuse(c *ses.Client, hook string) []any {
	topics := sns.NewFromConfig(config)
	set, name := aws.String("notifuse-email"), aws.String("notifuse-destination")
	_, missing := topics.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String("arn:aws:sns:us-east-1:000000000000:notifuse")})
	topic := must(topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("notifuse")})).TopicArn
	must(topics.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topic}))
	must(topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("http"), Endpoint: &hook}))
	before := len(must(c.ListConfigurationSets(ctx, &ses.ListConfigurationSetsInput{})).ConfigurationSets)
	must(c.CreateConfigurationSet(ctx, &ses.CreateConfigurationSetInput{ConfigurationSet: &v1types.ConfigurationSet{Name: set}}))
	after := len(must(c.ListConfigurationSets(ctx, &ses.ListConfigurationSetsInput{})).ConfigurationSets)
	destination := &v1types.EventDestination{Name: name, Enabled: true, SNSDestination: &v1types.SNSDestination{TopicARN: topic},
		MatchingEventTypes: []v1types.EventType{v1types.EventTypeBounce, v1types.EventTypeComplaint, v1types.EventTypeDelivery}}
	described := func() []v1types.EventDestination {
		return must(c.DescribeConfigurationSet(ctx, &ses.DescribeConfigurationSetInput{ConfigurationSetName: set,
			ConfigurationSetAttributeNames: []v1types.ConfigurationSetAttribute{v1types.ConfigurationSetAttributeEventDestinations}})).EventDestinations
	}
	none := len(described())
	must(c.CreateConfigurationSetEventDestination(ctx, &ses.CreateConfigurationSetEventDestinationInput{ConfigurationSetName: set, EventDestination: destination}))
	_, twice := c.CreateConfigurationSetEventDestination(ctx, &ses.CreateConfigurationSetEventDestinationInput{ConfigurationSetName: set, EventDestination: destination})
	destination.MatchingEventTypes = destination.MatchingEventTypes[:2]
	must(c.UpdateConfigurationSetEventDestination(ctx, &ses.UpdateConfigurationSetEventDestinationInput{ConfigurationSetName: set, EventDestination: destination}))
	types := described()[0].MatchingEventTypes
	must(c.DeleteConfigurationSetEventDestination(ctx, &ses.DeleteConfigurationSetEventDestinationInput{ConfigurationSetName: set, EventDestinationName: name}))
	must(c.DeleteConfigurationSet(ctx, &ses.DeleteConfigurationSetInput{ConfigurationSetName: set}))
	_, gone := c.DescribeConfigurationSet(ctx, &ses.DescribeConfigurationSetInput{ConfigurationSetName: set})
	must(topics.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: topic}))
	return []any{code(missing), after - before, none, code(twice), types, code(gone)}
}

// code is that of an error from the service.
func code(err error) string {
	var failed smithy.APIError
	if errors.As(err, &failed) {
		return failed.ErrorCode()
	}
	return fmt.Sprint(err)
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}
