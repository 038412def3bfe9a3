// Command gosdk uses SNS as a program with aws-sdk-go-v2 does, and prints what came of it as JSON: gosdk ENDPOINT WEBHOOK.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
)

var (
	ctx            = context.Background()
	endpoint, hook string
)

// late signs as a client does whose clock is 16 minutes behind.
type late struct{ *v4.Signer }

func (l late) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time, options ...func(*v4.SignerOptions)) error {
	return l.Signer.SignHTTP(ctx, c, r, hash, service, region, at.Add(-16*time.Minute), options...)
}

func client(id, secret string, more ...func(*sns.Options)) *sns.Client {
	return sns.New(sns.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""), RetryMaxAttempts: 1}, more...)
}

func main() {
	endpoint, hook = os.Args[1], os.Args[2]
	id, secret := os.Getenv("KEY_ID"), os.Getenv("KEY_SECRET")
	c := client(id, secret)
	out := map[string]any{}
	topic := *must(c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("go"), Attributes: map[string]string{"DisplayName": "Feedback"},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("mail")}}})).TopicArn
	out["topic"] = topic
	subscription := subscribe(c, topic, out)
	attributes(c, topic, subscription, out)
	publish(c, topic, out)
	must(c.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &subscription}))
	out["left"] = len(must(c.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})).Subscriptions)
	_, err := client(os.Getenv("LIMITED_ID"), os.Getenv("LIMITED_SECRET")).DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &topic})
	out["denied"] = code(err)
	must(c.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &topic}))
	_, err = c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &topic})
	out["gone"] = code(err)
	for name, wrong := range map[string]*sns.Client{"unknownKey": client("AKIAAAAAAAAAAAAAAAAA", secret), "wrongSecret": client(id, "x"+secret),
		"oldDate": client(id, secret, func(o *sns.Options) { o.HTTPSignerV4 = late{v4.NewSigner()} })} {
		_, err := wrong.ListTopics(ctx, &sns.ListTopicsInput{})
		out[name] = code(err)
	}
	must(0, json.NewEncoder(os.Stdout).Encode(out))
}

func subscribe(c *sns.Client, topic string, out map[string]any) string {
	out["subscribed"] = must(c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("http"), Endpoint: &hook,
		Attributes: map[string]string{"FilterPolicy": `{"kind":["greeting"]}`}})).SubscriptionArn
	token := asked("/token")["Token"].(string)
	subscription := *must(c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: &topic, Token: &token, AuthenticateOnUnsubscribe: aws.String("true")})).SubscriptionArn
	out["confirmed"], out["listed"] = strings.HasPrefix(subscription, topic+":"), false
	for _, one := range must(c.ListTopics(ctx, &sns.ListTopicsInput{})).Topics {
		if *one.TopicArn == topic {
			out["listed"] = true
		}
	}
	var endpoints []string
	for _, one := range must(c.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})).Subscriptions {
		endpoints = append(endpoints, *one.Endpoint)
	}
	out["endpoints"] = endpoints
	return subscription
}

func attributes(c *sns.Client, topic, subscription string, out map[string]any) {
	raw := func(value string) {
		must(c.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: &subscription, AttributeName: aws.String("RawMessageDelivery"), AttributeValue: &value}))
	}
	raw("true")
	found := must(c.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &subscription})).Attributes
	out["raw"], out["authenticated"] = found["RawMessageDelivery"], found["ConfirmationWasAuthenticated"]
	raw("false")
	must(c.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &topic, AttributeName: aws.String("DisplayName"), AttributeValue: aws.String("News")}))
	found = must(c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &topic})).Attributes
	out["displayName"], out["count"] = found["DisplayName"], found["SubscriptionsConfirmed"]
	must(c.TagResource(ctx, &sns.TagResourceInput{ResourceArn: &topic, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}))
	must(c.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: &topic, TagKeys: []string{"team"}}))
	tags := map[string]string{}
	for _, tag := range must(c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: &topic})).Tags {
		tags[*tag.Key] = *tag.Value
	}
	out["tags"] = tags
}

func publish(c *sns.Client, topic string, out map[string]any) {
	published := must(c.Publish(ctx, &sns.PublishInput{TopicArn: &topic, Message: aws.String("Grüße"), Subject: aws.String("Hi"),
		MessageAttributes: map[string]types.MessageAttributeValue{"kind": {DataType: aws.String("String"), StringValue: aws.String("greeting")}}}))
	received := asked("/message")
	out["same"], out["message"], out["subject"] = received["MessageId"] == *published.MessageId, received["Message"], received["Subject"]
	batch := must(c.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: &topic, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
		{Id: aws.String("1"), Message: aws.String("a")}, {Id: aws.String("2"), Message: aws.String("b"), Subject: aws.String("\n")}}}))
	ids := [2][]string{}
	for _, one := range batch.Successful {
		ids[0] = append(ids[0], *one.Id)
	}
	for _, one := range batch.Failed {
		ids[1] = append(ids[1], *one.Id)
	}
	out["batch"] = ids
}

// asked asks the webhook what it got.
func asked(path string) (answer map[string]any) {
	response := must(http.Get(hook + path))
	defer response.Body.Close()
	must(0, json.NewDecoder(response.Body).Decode(&answer))
	return answer
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
