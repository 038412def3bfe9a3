package processor

import (
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// ListChange writes the JSON that tells subscribers of a changed suppression list: schemas.SuppressionChangeSchema has its form. The
// change's number makes a repeat known.
func ListChange(change suppression.Change) ([]byte, error) {
	return schemas.Marshal(schemas.SuppressionChangeNotification{NotificationType: schemas.TypeSuppressionChange, SuppressionChange: ShownChange(change)})
}

// ShownChange is a change in the form of that JSON.
func ShownChange(change suppression.Change) schemas.SuppressionChange {
	return schemas.SuppressionChange{
		Sequence: change.Seq, Action: string(change.Action), List: change.List.Name(), Account: change.Account, Identity: change.Identity,
		EmailAddress: change.Address, AddressHash: change.Hash, Reason: string(change.Reason), FeedbackID: change.FeedbackID,
		Expires: schemas.Time{Time: change.Expires}, Timestamp: schemas.Time{Time: change.At},
	}
}
