package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestCertificatesAreMadeOnceAndServed(t *testing.T) {
	data := t.TempDir()
	t.Setenv("REBOUND_PUBLIC_URL", "https://rebound.example.org")
	first := must(t, "certificates", "--data", data)
	pem, err := os.ReadFile(filepath.Join(data, "tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(first, "wrote  "); n != 5 {
		t.Errorf("%d files were written:\n%s", n, first)
	}
	for _, want := range []string{"certificate: " + data + "/tls/server.pem", "key: " + data + "/tls/server.key", "certificate_url: https://sns.us-east-1.amazonaws.com",
		"sns.us-east-1.amazonaws.com email.us-east-1.amazonaws.com rebound.example.org' >> /etc/hosts", "NODE_EXTRA_CA_CERTS=", "SSL_CERT_FILE=", "REQUESTS_CA_BUNDLE="} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is missing:\n%s", want, first)
		}
	}
	if again := must(t, "certificates", "--data", data); strings.Contains(again, "wrote  ") {
		t.Errorf("the second time:\n%s", again)
	}
	if _, stderr, status := command(t, "", "certificates", "--data", data, "other.example"); status != 1 || !strings.Contains(stderr, "--force") {
		t.Errorf("another name: %d %s", status, stderr)
	}

	r := start(t, data, func(s *settings) {
		s.HTTPS = "127.0.0.1:0"
		s.TLS.Certificate, s.TLS.Key = filepath.Join(data, "tls", "server.pem"), filepath.Join(data, "tls", "server.key")
	})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	for _, name := range []string{"sns.us-east-1.amazonaws.com", "email.us-east-1.amazonaws.com", "localhost", "127.0.0.1", "rebound.example.org"} {
		conn, err := tls.Dial("tcp", r.srv.listening["https"].Addr().String(), &tls.Config{RootCAs: pool, ServerName: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		conn.Close()
	}
}

// A consumer may come for the certificate of a message long after it was sent, and keeps what it got for ever.
func TestOldSigningCertificatesStayServedOverARestart(t *testing.T) {
	data := t.TempDir()
	name := regexp.MustCompile(`(wrote|kept )  \S*/(SimpleNotificationService-[0-9a-f]{32}\.pem)`)
	made := func(arguments ...string) (verb, file string) {
		t.Helper()
		found := name.FindStringSubmatch(must(t, append([]string{"certificates", "--data", data}, arguments...)...))
		if found == nil {
			t.Fatal("no signing certificate is named")
		}
		return found[1], found[2]
	}
	_, old := made()
	content := map[string]string{old: ""}
	r := start(t, data)
	content[old] = signingCertificate(t, r.url+"/"+old)
	verb, fresh := made("--new-signing-key") // beside the running server
	if verb != "wrote" || fresh == old {
		t.Fatalf("%s %s after %s", verb, fresh, old)
	}
	if in := r.srv.signer.SigningCertURL(); !strings.HasSuffix(in, old) {
		t.Errorf("the running server signs with %s", in)
	}
	r.stop()

	r = start(t, data)
	if in := r.srv.signer.SigningCertURL(); !strings.HasSuffix(in, fresh) {
		t.Errorf("after the restart it signs with %s, want %s", in, fresh)
	}
	if again := signingCertificate(t, r.url+"/"+old); again != content[old] {
		t.Errorf("the old certificate changed from %s to %s", content[old], again)
	}
	if signingCertificate(t, r.url+"/"+fresh) == content[old] {
		t.Error("the new certificate is the old one")
	}
	if verb, file := made(); verb != "kept " || file != fresh {
		t.Errorf("later: %s %s", verb, file)
	}
}

func signingCertificate(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(string(text), "-----BEGIN CERTIFICATE-----\n") {
		t.Fatalf("%s: %s, %v: %s", url, response.Status, err, text)
	}
	return string(text)
}
