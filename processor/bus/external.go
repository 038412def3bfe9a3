package bus

import (
	"encoding/json"
	"fmt"
	"time"
)

const (
	// headerBytes is the room that a message keeps for its header.
	headerBytes = 64 << 10
	// minPieceBytes keeps the largest mail within one batch of 1,000 messages.
	minPieceBytes = 64 << 10
	// surveyWait is how long the first server may take to describe itself, and surveyPause each further one.
	surveyWait  = time.Second
	surveyPause = 250 * time.Millisecond
)

// check refuses a server that lacks what the bus cannot do without: atomic batches came with 2.12, and messages must
// hold a piece of a large mail.
func (b *Bus) check() error {
	version := b.conn.ConnectedServerVersion()
	if !atLeast(version, 2, 12) {
		return fmt.Errorf("%w: it has version %s: 2.12 is needed for atomic batches, 2.15 is better", ErrUnsuitable, version)
	}
	if !atLeast(version, 2, 15) {
		b.warn("the server has version %s: before 2.15 a power cut can lose accepted mail even with sync_interval: always; upgrade it", version)
	}
	b.piece = min(pieceBytes, int(b.conn.MaxPayload())-headerBytes)
	if b.piece < minPieceBytes {
		return fmt.Errorf("%w: it takes messages of %d bytes only: set its max_payload to 1MB", ErrUnsuitable, b.conn.MaxPayload())
	}
	return nil
}

// atLeast tells whether a version like 2.15.2 is major.minor or later.
func atLeast(version string, major, minor int) bool {
	var gotMajor, gotMinor int
	if _, err := fmt.Sscanf(version, "%d.%d", &gotMajor, &gotMinor); err != nil {
		return false
	}
	return gotMajor > major || gotMajor == major && gotMinor >= minor
}

func (b *Bus) warn(format string, args ...any) {
	b.warnings = append(b.warnings, fmt.Sprintf(format, args...))
}

// checkDurability notes what an external server lacks for an accepted mail to survive a power cut.
func (b *Bus) checkDurability() {
	servers := b.survey()
	if len(servers) == 0 {
		b.warn("could not find out whether the servers at %s sync every message to the disk: make sure that each has jetstream { sync_interval: always }, or a power cut loses accepted mail",
			b.conn.ConnectedUrlRedacted())
	}
	for _, server := range servers {
		if !server.Data.Config.SyncAlways {
			b.warn("server %s does not sync every message to the disk: set jetstream { sync_interval: always }, or a power cut loses accepted mail", server.Server.Name)
		}
	}
}

// description is what a server says about itself on the system account's subjects.
type description struct {
	Server struct {
		Name string `json:"name"`
	} `json:"server"`
	Data struct {
		Disabled bool `json:"disabled"`
		Config   struct {
			SyncAlways bool `json:"sync_always"`
		} `json:"config"`
	} `json:"data"`
}

// survey asks all servers for their settings. Most accounts may not: then nobody answers.
func (b *Bus) survey() []description {
	inbox := b.conn.NewInbox()
	answers, err := b.conn.SubscribeSync(inbox)
	if err != nil {
		return nil
	}
	defer func() { _ = answers.Unsubscribe() }()
	if err := b.conn.PublishRequest("$SYS.REQ.SERVER.PING.JSZ", inbox, nil); err != nil {
		return nil
	}
	var servers []description
	for wait := surveyWait; ; wait = surveyPause {
		answer, err := answers.NextMsg(wait)
		if err != nil { // all have answered, or nobody may
			break
		}
		var server description
		if json.Unmarshal(answer.Data, &server) == nil && server.Server.Name != "" && !server.Data.Disabled {
			servers = append(servers, server)
		}
	}
	return servers
}
