package simulator

import (
	"io"
	"strings"

	"github.com/emersion/go-message"
)

// writeReply writes an out-of-office reply (RFC 3834).
func (r recipient) writeReply(w io.Writer, a *answers) error {
	var h message.Header // fields are added in front of those before
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Add("MIME-Version", "1.0")
	h.Add("Auto-Submitted", "auto-replied")
	if id := strings.TrimSpace(a.header.Get("Message-ID")); id != "" {
		h.Add("References", id)
		h.Add("In-Reply-To", id)
	}
	h.SetText("Subject", strings.TrimSpace("Auto: "+a.header.Text("Subject")))
	h.Add("Message-ID", newMessageID(r.host))
	h.Add("Date", a.now.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.Add("To", a.from)
	h.Add("From", r.address)
	body, err := message.CreateWriter(w, h)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(body, "I am out of the office. Your message was delivered, and I will read it when I am back.\r\n"); err != nil {
		return err
	}
	return body.Close()
}
