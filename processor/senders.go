package processor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/simulator"
	"github.com/rebound-mail/rebound/processor/topic"
)

// senders looks up the settings of those who sent the mails of one batch, each once.
type senders struct {
	db        *sql.DB
	region    string
	simulator simulator.Simulator

	mutex sync.Mutex
	known map[[2]string]Settings // by account and source
}

func (w *Worker) senders() *senders {
	return &senders{db: w.Store.Read, region: w.Region, simulator: w.Simulator, known: map[[2]string]Settings{}}
}

// settings are those of the account and of the identity that the matched mail was sent with.
func (s *senders) settings(ctx context.Context, match Match) (Settings, error) {
	if match.Trust == TrustC {
		return Settings{Region: s.region}, nil
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	source := match.Mail.Identity
	if source == "" {
		source = match.Mail.Source
	}
	key := [2]string{match.Mail.Account, source}
	if known, ok := s.known[key]; ok {
		return known, nil
	}
	owner, err := account.Get(ctx, s.db, match.Mail.Account)
	if errors.Is(err, account.ErrNotFound) { // deleted since: nobody has a list or wants to hear of it
		owner, err = account.Account{ID: match.Mail.Account}, nil
	}
	if err != nil {
		return Settings{}, fmt.Errorf("processor: the account of mail %s: %w", match.Mail.MessageID, err)
	}
	identity, _, err := account.IdentityFor(ctx, s.db, match.Mail.Account, source)
	if err != nil {
		return Settings{}, fmt.Errorf("processor: the identity of mail %s: %w", match.Mail.MessageID, err)
	}
	settings := Settings{Account: owner, Identity: identity, Region: s.region, Simulator: s.simulator, Subscribers: map[string][]delivery.Target{}}
	for _, arn := range []*string{&settings.Identity.BounceTopic, &settings.Identity.ComplaintTopic, &settings.Identity.DeliveryTopic} {
		if err := s.subscribers(ctx, arn, settings.Subscribers); err != nil {
			return Settings{}, err
		}
	}
	s.known[key] = settings
	return settings, nil
}

// subscribers notes who listens to a topic. A topic that no longer exists is cleared: as in SES, feedback then goes by mail.
func (s *senders) subscribers(ctx context.Context, arn *string, to map[string][]delivery.Target) error {
	if *arn == "" || to[*arn] != nil {
		return nil
	}
	subscribers, exists, err := topic.Confirmed(ctx, s.db, *arn)
	if err != nil {
		return fmt.Errorf("processor: the subscribers of %s: %w", *arn, err)
	}
	if !exists {
		*arn = ""
		return nil
	}
	to[*arn] = delivery.TargetsOf(subscribers)
	return nil
}
