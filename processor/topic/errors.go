package topic

import "errors"

var (
	// ErrTopicNotFound is returned when no topic has the ARN.
	ErrTopicNotFound = errors.New("topic does not exist")
	// ErrSubscriptionNotFound is returned when no subscription has the ARN.
	ErrSubscriptionNotFound = errors.New("subscription does not exist")
	// ErrName is returned for a topic name that is not 1 to 256 of A-Z, a-z, 0-9, "_" and "-".
	ErrName = errors.New(`a topic name is 1 to 256 letters, digits, "_" and "-"`)
	// ErrAttribute is returned for a display name or a signature version that a topic cannot have.
	ErrAttribute = errors.New("invalid topic attribute")
	// ErrDifferent is returned when a topic or a subscription exists already, with other attributes.
	ErrDifferent = errors.New("already exists with different attributes")
	// ErrTags is returned when a topic exists already, with other tags.
	ErrTags = errors.New("already exists with different tags")
	// ErrProtocol is returned for a protocol that nothing is delivered by.
	ErrProtocol = errors.New("protocol must be http, https, email, email-json or nats")
	// ErrEndpoint is returned for an endpoint that is not what the protocol delivers to: a URL with its scheme and a host, a mail address,
	// a subject of NATS.
	ErrEndpoint = errors.New("invalid endpoint")
	// ErrScheme is returned, with ErrEndpoint, for a URL whose scheme is not the protocol.
	ErrScheme = errors.New("the protocol is another one")
	// ErrMalformedToken is returned for a confirmation token that is not 256 hexadecimal digits.
	ErrMalformedToken = errors.New("a token is 256 hexadecimal digits")
	// ErrToken is returned for a confirmation token that is unknown, or older than TokenLife and never used.
	ErrToken = errors.New("invalid token")
	// ErrEnvelope is returned by Verify when the envelope is not one that consumers accept.
	ErrEnvelope = errors.New("unacceptable envelope")
	// ErrSignature is returned by Verify when the signature does not fit the content and the certificate.
	ErrSignature = errors.New("signature does not verify")
)
