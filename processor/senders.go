package processor

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/simulator"
	"github.com/rebound-mail/rebound/processor/topic"
)

// senders looks up the settings of those who sent the mails of one batch, each once.
type senders struct {
	db        *sql.DB
	region    string
	style     Style
	simulator simulator.Simulator

	mutex sync.Mutex
	known map[[3]string]Settings // by account, source and configuration set
}

func (w *Worker) senders() *senders {
	return &senders{db: w.Store.Read, region: w.Region, style: w.Style, simulator: w.Simulator, known: map[[3]string]Settings{}}
}

// settings are those of the account, the identity and the configuration set that the matched mail was sent with.
func (s *senders) settings(ctx context.Context, match Match) (Settings, error) {
	if match.Trust == TrustC {
		return Settings{Region: s.region}, nil
	}
	return s.of(ctx, match.Mail)
}

func (s *senders) of(ctx context.Context, mail sentmail.Mail) (Settings, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	source := cmp.Or(mail.Identity, mail.Source)
	key := [3]string{mail.Account, source, mail.ConfigurationSet}
	if known, ok := s.known[key]; ok {
		return known, nil
	}
	owner, err := account.Get(ctx, s.db, mail.Account)
	if errors.Is(err, account.ErrNotFound) { // deleted since: nobody has a list or wants to hear of it
		owner, err = account.Account{ID: mail.Account}, nil
	}
	if err != nil {
		return Settings{}, fmt.Errorf("processor: the account of mail %s: %w", mail.MessageID, err)
	}
	identity, _, err := account.IdentityFor(ctx, s.db, mail.Account, source)
	if err != nil {
		return Settings{}, fmt.Errorf("processor: the identity of mail %s: %w", mail.MessageID, err)
	}
	settings := Settings{Account: owner, Identity: identity, Region: s.region, Style: s.style, Simulator: s.simulator,
		Subscribers: map[string][]topic.Subscription{}, Gone: map[string]bool{}}
	if err := s.configurationSet(ctx, &settings, mail.ConfigurationSet); err != nil {
		return Settings{}, err
	}
	topics := []string{identity.BounceTopic, identity.ComplaintTopic, identity.DeliveryTopic}
	for _, destination := range settings.Destinations {
		topics = append(topics, destination.TopicARN)
	}
	for _, arn := range topics {
		if err := s.subscribers(ctx, settings, arn); err != nil {
			return Settings{}, err
		}
	}
	s.known[key] = settings
	return settings, nil
}

// chooseSet gives a mail that chooses no configuration set the one of its identity.
func (s *senders) chooseSet(ctx context.Context, mail *sentmail.Mail) error {
	if mail.TakeSESFields(); mail.ConfigurationSet != "" {
		return nil
	}
	identity, _, err := account.IdentityFor(ctx, s.db, mail.Account, cmp.Or(mail.Identity, mail.Source))
	if err != nil {
		return fmt.Errorf("processor: the configuration set of a mail: %w", err)
	}
	mail.ConfigurationSet = identity.ConfigurationSet
	return nil
}

// configurationSet fills in a set and its event destinations. One that was deleted since, or never was, changes nothing.
func (s *senders) configurationSet(ctx context.Context, settings *Settings, name string) error {
	if name == "" {
		return nil
	}
	var err error
	if settings.Set, err = account.GetConfigurationSet(ctx, s.db, settings.Account.ID, name); err == nil {
		settings.Destinations, err = account.EventDestinations(ctx, s.db, settings.Account.ID, name)
	}
	if err != nil && !errors.Is(err, account.ErrNoConfigurationSet) {
		return fmt.Errorf("processor: the events of a mail: %w", err)
	}
	return nil
}

// subscribers notes who listens to a topic, or that it is gone.
func (s *senders) subscribers(ctx context.Context, settings Settings, arn string) error {
	if arn == "" || settings.Gone[arn] || settings.Subscribers[arn] != nil {
		return nil
	}
	subscribers, exists, err := topic.Confirmed(ctx, s.db, arn)
	if err != nil {
		return fmt.Errorf("processor: the subscribers of %s: %w", arn, err)
	}
	if !exists {
		settings.Gone[arn] = true
		return nil
	}
	settings.Subscribers[arn] = append([]topic.Subscription{}, subscribers...)
	return nil
}
