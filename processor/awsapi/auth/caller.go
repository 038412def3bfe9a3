package auth

import (
	"context"
	"slices"

	"github.com/rebound-mail/rebound/processor/account"
)

// Caller is on whose behalf a request acts. The zero Caller is a stranger: whoever visits a link in a message.
type Caller struct {
	Account string // 12 digits; "" for a stranger
	KeyID   string // of the access key; "" when there was none
	Signed  bool   // the request was signed
	may     []account.Permission
}

// ARN names the caller as AWS names a user of IAM; "" for a stranger.
func (c Caller) ARN() string {
	if c.Account == "" {
		return ""
	}
	if c.KeyID == "" {
		return "arn:aws:iam::" + c.Account + ":root"
	}
	return "arn:aws:iam::" + c.Account + ":user/" + c.KeyID
}

// May tells whether the caller has the permission.
func (c Caller) May(p account.Permission) bool {
	return account.AccessKey{Permissions: c.may}.May(p)
}

// Denied says in AWS's words that the caller may not do the action, written as in policies: "SNS:Publish".
func (c Caller) Denied(action string, p account.Permission) string {
	return "User: " + c.ARN() + " is not authorized to perform: " + action + " because the access key lacks the permission " + string(p)
}

// As returns a caller of the account who has the permissions, as a test or a handler that acts for somebody needs it.
func As(owner, keyID string, may ...account.Permission) Caller {
	return Caller{Account: owner, KeyID: keyID, Signed: true, may: slices.Clone(may)}
}

// callerKey is the context key of the caller.
type callerKey struct{}

// With returns a context that carries the caller to an HTTP handler.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From returns the caller that With put into the context, a stranger without one.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
