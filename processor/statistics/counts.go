package statistics

// Counts is what became of mail. Bounces are those for good, as in SES: neither a failure that may pass nor an
// auto-reply is one.
type Counts struct {
	DeliveryAttempts int64
	Bounces          int64
	Complaints       int64
	Rejects          int64
	Deliveries       int64
}

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.DeliveryAttempts += other.DeliveryAttempts
	c.Bounces += other.Bounces
	c.Complaints += other.Complaints
	c.Rejects += other.Rejects
	c.Deliveries += other.Deliveries
}

// BounceRate is the share of attempts that bounced, from 0 to 1; 0 when there was no attempt.
func (c Counts) BounceRate() float64 { return share(c.Bounces, c.DeliveryAttempts) }

// ComplaintRate is the share of attempts that led to a complaint, from 0 to 1; 0 when there was no attempt.
func (c Counts) ComplaintRate() float64 { return share(c.Complaints, c.DeliveryAttempts) }

// share is at most 1: a bounce may fall into the time asked about when its attempt does not.
func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(1, float64(part)/float64(whole))
}

// Sum adds up points.
func Sum(points []Point) Counts {
	var sum Counts
	for _, point := range points {
		sum.Add(point.Counts)
	}
	return sum
}
