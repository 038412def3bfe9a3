package filter

// Error tells why a policy is refused.
type Error struct {
	// Text is how SNS puts it, without the "Invalid parameter: " in front: "FilterPolicy: …". It ends in the place, on a line of its own,
	// where the policy has one.
	Text string
	// LimitExceeded is set when nothing but a limit is against the policy (FilterPolicyLimitExceeded).
	LimitExceeded bool
}

func (e *Error) Error() string { return e.Text }
