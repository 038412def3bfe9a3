package schemas

// TypeSuppressionChange is the value of notificationType that tells of a changed suppression list. SES has no such notification; its
// consumers pass over a type that they do not know.
const TypeSuppressionChange NotificationType = "SuppressionChange"

// SuppressionChangeNotification tells that an address came on a list or was taken off one.
type SuppressionChangeNotification struct {
	NotificationType  NotificationType  `json:"notificationType"`
	SuppressionChange SuppressionChange `json:"suppressionChange"`
}

// SuppressionChange is one change of a list. Action is put or delete; or allow or disallow, when it is about an address that the account
// may write to although it is on the global list. List is account, global or allow.
type SuppressionChange struct {
	Sequence     int64  `json:"sequence"` // grows from change to change, over all accounts
	Action       string `json:"action"`
	List         string `json:"list"`
	Account      string `json:"account,omitempty"`      // absent for the global list
	Identity     string `json:"identity,omitempty"`     // absent when it is about all mail of the account
	EmailAddress string `json:"emailAddress,omitempty"` // absent when the person was forgotten
	// AddressHash names an address that was forgotten, for those who have it still: 32 hexadecimal digits, the first 16 bytes of the
	// SHA-256 of the address in lower case. Absent while EmailAddress is there.
	AddressHash string `json:"addressHash,omitempty"`
	Reason      string `json:"reason,omitempty"`     // BOUNCE, COMPLAINT or MANUAL; absent when the address was taken off
	FeedbackID  string `json:"feedbackId,omitempty"` // of the report that led to it; absent when a person did it
	Expires     Time   `json:"expires,omitzero"`     // when the entry goes by itself; absent when never, or when it was taken off
	Timestamp   Time   `json:"timestamp"`
}
