package topic

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func sign(t *testing.T, s *Signer) []byte {
	t.Helper()
	body, _, err := s.Notification(sampleTopic(SignatureSHA1), sampleSubscription(), sampleMessage(), "https://api.example.net")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestSignerKeepsItsKeyOverRestarts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "signing")
	first, second := loadSigner(t, dir), loadSigner(t, dir)
	if first.SigningCertURL() != second.SigningCertURL() || string(sign(t, first)) != string(sign(t, second)) {
		t.Error("a restart changed the key")
	}
	info, err := os.Stat(filepath.Join(dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, error %v, want mode 600", info, err)
	}
}

func TestANewKeyHasANewCertificateAndTheOldStaysServed(t *testing.T) {
	tests := map[string]struct {
		now     time.Time
		prepare func(dir string) error
	}{
		"the key file was removed": {publishedAt, func(dir string) error { return os.Remove(filepath.Join(dir, keyFile)) }},
		"a new key was asked for": {publishedAt, func(dir string) error {
			name, err := NewSigningKey(dir, publishedAt)
			if err == nil && name != loadSigner(t, dir).name {
				t.Errorf("%s is not the new one", name)
			}
			return err
		}},
		"the certificate is about to end":   {publishedAt.Add(certificateLife - renewBefore + time.Hour), func(string) error { return nil }},
		"the certificate ended long before": {publishedAt.Add(3 * certificateLife), func(string) error { return nil }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old := loadSigner(t, dir)
			body := sign(t, old)
			if err := test.prepare(dir); err != nil {
				t.Fatal(err)
			}
			fresh, err := LoadSigner(dir, "https://sns.us-east-1.amazonaws.com", test.now)
			if err != nil {
				t.Fatal(err)
			}
			if fresh.SigningCertURL() == old.SigningCertURL() {
				t.Fatal("the new key came under the old name")
			}
			certificate, ok := fresh.Certificate(old.name)
			if _, err := Verify(body, certificate); !ok || err != nil {
				t.Errorf("what the old key signed: served %v, error %v", ok, err)
			}
			certificate, ok = fresh.Certificate(fresh.name)
			if _, err := Verify(sign(t, fresh), certificate); !ok || err != nil {
				t.Errorf("what the new key signs: served %v, error %v", ok, err)
			}
			again, err := LoadSigner(dir, "https://sns.us-east-1.amazonaws.com", test.now)
			if err != nil || again.name != fresh.name {
				t.Errorf("a restart changed the new key, error %v", err)
			}
		})
	}
}

func TestALostCertificateIsMadeAgainForTheSameKey(t *testing.T) {
	dir := t.TempDir()
	s := loadSigner(t, dir)
	if err := os.Remove(filepath.Join(dir, s.name)); err != nil {
		t.Fatal(err)
	}
	again := loadSigner(t, dir)
	certificate, ok := again.Certificate(s.name)
	if _, err := Verify(sign(t, s), certificate); !ok || err != nil || again.name != s.name {
		t.Errorf("served %v, error %v, name %s, want %s", ok, err, again.name, s.name)
	}
}

func TestOnlyCertificatesAreServed(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	for _, name := range []string{keyFile, "", "../" + s.name, "/" + s.name, "SimpleNotificationService-00000000000000000000000000000000.pem"} {
		if _, ok := s.Certificate(name); ok {
			t.Errorf("%q is served", name)
		}
	}
}

func TestStartsAtTheSameTimeAgreeOnOneKey(t *testing.T) {
	dir := t.TempDir()
	names := make([]string, 4)
	var group sync.WaitGroup
	for i := range names {
		group.Go(func() {
			s, err := LoadSigner(dir, "https://sns.us-east-1.amazonaws.com", publishedAt)
			if err != nil {
				t.Error(err)
				return
			}
			names[i] = s.name
		})
	}
	group.Wait()
	for _, name := range names {
		if name != names[0] {
			t.Errorf("got different keys: %v", names)
		}
	}
}

func TestAKeyFileThatIsNoneIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, keyFile), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSigner(dir, "https://h", publishedAt); err == nil {
		t.Error("a file without a key was taken")
	}
}

func TestRememberedSignaturesAreBounded(t *testing.T) {
	s := loadSigner(t, t.TempDir())
	for i := range recentSignatures + 10 {
		s.remember([32]byte{byte(i), byte(i >> 8)}, fmt.Sprint(i))
	}
	if len(s.recent) != recentSignatures {
		t.Errorf("got %d remembered, want %d", len(s.recent), recentSignatures)
	}
	if _, ok := s.remembered([32]byte{9, 0}); ok {
		t.Error("the oldest is still there")
	}
	if signature, _ := s.remembered([32]byte{10, 0}); signature != "10" {
		t.Errorf("got %q, want 10", signature)
	}
}
