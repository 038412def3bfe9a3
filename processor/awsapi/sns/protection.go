package sns

import (
	"context"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/topic"
)

func (a *API) getDataProtectionPolicy(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	t, err := a.topic(ctx, caller, values, "ResourceArn")
	return struct{ DataProtectionPolicy string }{t.Attributes[dataProtection]}, err
}

// putDataProtectionPolicy keeps a policy that has no effect here.
func (a *API) putDataProtectionPolicy(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	policy := values.Get("DataProtectionPolicy")
	if !values.Has("DataProtectionPolicy") {
		return nil, query.Null("dataProtectionPolicy")
	}
	if err := checkDocument(dataProtection, policy); err != nil {
		return nil, err
	}
	return nil, a.changeTopic(ctx, caller, values, "ResourceArn", func(t *topic.Topic) error {
		if t.Attributes == nil {
			t.Attributes = map[string]string{}
		}
		t.Attributes[dataProtection] = policy
		return nil
	})
}
