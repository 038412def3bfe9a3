package sns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/delivery"
)

// maxBatch is how many messages one PublishBatch may have.
const maxBatch = 10

var validEntryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// published and failed are the entries of a batch in the answer.
type (
	published struct {
		ID        string `xml:"Id"`
		MessageID string `xml:"MessageId"`
	}
	failed struct {
		ID          string `xml:"Id"`
		Code        string
		Message     string
		SenderFault bool
	}
)

func (a *API) publishBatch(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	arn, err := a.topicARN(caller, values, "TopicArn")
	if err != nil {
		return nil, err
	}
	entries := values.Structures("PublishBatchRequestEntries.member")
	if err := checkBatch(entries); err != nil {
		return nil, err
	}
	answer := struct {
		Successful query.List[published]
		Failed     query.List[failed]
	}{}
	var good []publication
	total := 0
	for i, entry := range entries {
		p, err := read(arn, entry, fmt.Sprintf("publishBatchRequestEntries.%d.member.", i+1))
		var refused *query.Error
		if errors.As(err, &refused) {
			answer.Failed = append(answer.Failed, failed{entry.Get("Id"), refused.Code, refused.Message, refused.Status < http.StatusInternalServerError})
			continue
		}
		if total += p.size; total > delivery.MaxMessage {
			return nil, query.Refuse("BatchRequestTooLong", "The length of all the batch messages put together is more than the limit.")
		}
		good = append(good, p)
		answer.Successful = append(answer.Successful, published{entry.Get("Id"), p.message.ID})
	}
	err = a.transact(ctx, func(tx *sql.Tx) error {
		for _, p := range good {
			if err := p.enqueue(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if len(good) == 0 && err == nil {
		_, err = a.topic(ctx, caller, values, "TopicArn")
	}
	return answer, publishError(err)
}

func checkBatch(entries []query.Values) error {
	switch {
	case len(entries) == 0:
		return query.Refuse("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case len(entries) > maxBatch:
		return query.Refuse("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		id := entry.Get("Id")
		if !validEntryID.MatchString(id) {
			return query.Refuse("InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.")
		}
		if seen[id] {
			return query.Refuse("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		seen[id] = true
	}
	return nil
}
