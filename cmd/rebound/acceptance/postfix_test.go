//go:build acceptance

package acceptance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// A real Postfix sends three mails to a remote that refuses one, defers one until it expires, and takes one. Its reports come back by
// SMTP, and a subscriber that verifies with npm's sns-validator gets the right three notifications.
func TestPostfixReportsBecomeNotificationsThatSNSValidatorAccepts(t *testing.T) {
	certificate, key := selfSigned(t)
	https := freeAddress(t)
	s := newServer(t, "--domain", "rebound.example", "--https", https)
	s.env = append(s.env, "REBOUND_TLS_CERTIFICATE="+certificate, "REBOUND_TLS_KEY="+key, "REBOUND_CERTIFICATE_URL=https://"+https,
		"REBOUND_WEBHOOKS_ALLOW=127.0.0.0/8")
	s.start()
	defer s.stop()
	arrivals := subscriber(t, s, certificate)
	if line := next(t, arrivals, "the confirmation"); line["type"] != "SubscriptionConfirmation" || line["status"] != 200.0 {
		t.Fatalf("got %v", line)
	}

	postfix := startPostfix(t, map[string]string{"remote.example": remote(t), "rebound.example": s.smtp})
	for _, to := range []string{"nouser", "full", "ok"} {
		address := to + "@remote.example"
		submit(t, postfix, s.register("<"+to+".1@shop.example>", "orders@shop.example", address), address, "<"+to+".1@shop.example>")
	}

	got := map[string]string{}
	for range 3 {
		line := next(t, arrivals, fmt.Sprintf("one of three notifications; so far %v", got))
		message, ok := line["message"].(map[string]any)
		if !ok || line["header"] != "Notification" {
			t.Fatalf("got %v", line)
		}
		kind := message["notificationType"].(string)
		to := message["mail"].(map[string]any)["destination"].([]any)[0].(string)
		if bounce, ok := message["bounce"].(map[string]any); ok {
			kind += fmt.Sprintf(" %v/%v", bounce["bounceType"], bounce["bounceSubType"])
		}
		got[to] = kind
	}
	for to, want := range map[string]string{"nouser@remote.example": "Bounce Permanent/NoEmail", "full@remote.example": "Bounce Transient/MailboxFull",
		"ok@remote.example": "Delivery"} {
		if got[to] != want {
			t.Errorf("%s: got %q, want %q", to, got[to], want)
		}
		if suppressed, want := s.suppressed(to), to == "nouser@remote.example"; suppressed != want {
			t.Errorf("%s: suppressed is %t, want %t", to, suppressed, want)
		}
	}
}

// subscriber starts the webhook in node and subscribes it.
func subscriber(t *testing.T, s *server, certificate string) <-chan map[string]any {
	t.Helper()
	arrivals := node(t, exec.Command, "subscriber.mjs", "NODE_EXTRA_CA_CERTS="+certificate, `HOST_PATTERN=^127\.0\.0\.1:\d+$`)
	port := next(t, arrivals, "the subscriber's port")["listening"]
	s.subscribe("shop.example", fmt.Sprintf("http://127.0.0.1:%v/", port))
	return arrivals
}

// selfSigned makes a server certificate for 127.0.0.1 that is its own authority.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	return write(t, filepath.Join(folder, "server.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))),
		write(t, filepath.Join(folder, "server.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rawKey})))
}

// remote is a server that answers by the recipient's local part.
func remote(t *testing.T) string {
	t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return remoteSession{}, nil }))
	server.Domain = "mx.remote.example"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

type remoteSession struct{}

func (remoteSession) Reset()        {}
func (remoteSession) Logout() error { return nil }

func (remoteSession) Mail(string, *smtp.MailOptions) error { return nil }

func (remoteSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasPrefix(to, "nouser@"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<" + to + ">: Recipient address rejected: User unknown"}
	case strings.HasPrefix(to, "full@"):
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "<" + to + ">: Mailbox full"}
	}
	return nil
}

func (remoteSession) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// startPostfix runs a Postfix of its own, with its own folders, that knows where two domains live. It returns the address of its SMTP port.
func startPostfix(t *testing.T, domains map[string]string) string {
	t.Helper()
	if _, err := exec.LookPath("postfix"); err != nil {
		install := exec.Command("sh", "-c", `apt-get update -qq; echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postfix`)
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("installing Postfix: %v: %s", err, out)
		}
	}
	folder, err := os.MkdirTemp("/var/tmp", "rebound-postfix-") // maillog_file must be below /var
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	addr := freeAddress(t)
	_, port, _ := net.SplitHostPort(addr)
	var transport strings.Builder
	for domain, at := range domains {
		host, port, _ := net.SplitHostPort(at)
		fmt.Fprintf(&transport, "%s smtp:[%s]:%s\n", domain, host, port)
	}
	etc := filepath.Join(folder, "etc")
	write(t, filepath.Join(etc, "transport"), transport.String())
	write(t, filepath.Join(etc, "main.cf"), fmt.Sprintf(mainCF, folder))
	write(t, filepath.Join(etc, "master.cf"), fmt.Sprintf(masterCF, port))
	for _, name := range []string{"spool", "data"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "postfix", filepath.Join(folder, "data")).CombinedOutput(); err != nil {
		t.Fatalf("chown: %v: %s", err, out)
	}
	if out, err := exec.Command("postfix", "-c", etc, "start").CombinedOutput(); err != nil {
		t.Fatalf("starting Postfix: %v: %s", err, out)
	}
	t.Cleanup(func() {
		_ = exec.Command("postfix", "-c", etc, "stop").Run()
		if log, err := os.ReadFile(filepath.Join(folder, "postfix.log")); err == nil && t.Failed() {
			t.Logf("Postfix says:\n%s", log)
		}
		_ = os.RemoveAll(folder)
	})
	return addr
}

const mainCF = `compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/data
maillog_file = %[1]s/postfix.log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mta.shop.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
transport_maps = texthash:%[1]s/etc/transport
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_host_lookup = native
maximal_queue_lifetime = 6s
bounce_queue_lifetime = 60s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
`

const masterCF = `127.0.0.1:%s inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// submit hands a mail to Postfix and asks for a report in any case.
func submit(t *testing.T, addr, from, to, messageID string) {
	t.Helper()
	var client *smtp.Client
	var err error
	for range 100 {
		if client, err = smtp.Dial(addr); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Hello("app.shop.example"); err != nil {
		t.Fatal(err)
	}
	if err := client.Mail(from, nil); err != nil {
		t.Fatal(err)
	}
	notify := []smtp.DSNNotify{smtp.DSNNotifySuccess, smtp.DSNNotifyFailure}
	if err := client.Rcpt(to, &smtp.RcptOptions{Notify: notify}); err != nil {
		t.Fatal(err)
	}
	data, err := client.Data()
	if err != nil {
		t.Fatal(err)
	}
	mail := "From: orders@shop.example\r\nTo: " + to + "\r\nSubject: Your order\r\nMessage-ID: " + messageID + "\r\nDate: " +
		time.Now().Format(time.RFC1123Z) + "\r\n\r\nIt has shipped.\r\n"
	if _, err := io.WriteString(data, mail); err != nil {
		t.Fatal(err)
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	_ = client.Quit()
}
