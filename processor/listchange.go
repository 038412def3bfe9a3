package processor

import (
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// ListChange writes the JSON that tells subscribers of a changed suppression list: schemas.SuppressionChangeSchema has its form. The
// change's number makes a repeat known.
func ListChange(change suppression.Change) ([]byte, error) {
	return schemas.Marshal(schemas.SuppressionChangeNotification{
		NotificationType: schemas.TypeSuppressionChange,
		SuppressionChange: schemas.SuppressionChange{
			Sequence: change.Seq, Action: string(change.Action), List: change.List.Name(), Account: change.Account, Identity: change.Identity,
			EmailAddress: change.Address, Reason: string(change.Reason), FeedbackID: change.FeedbackID,
			Expires: schemas.Time{Time: change.Expires}, Timestamp: schemas.Time{Time: change.At},
		},
	})
}
