package topic

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// recentSignatures is how many signatures are remembered. A message goes to all its subscribers at about the same time with the same
// signature, and making one costs a millisecond of a processor.
const recentSignatures = 1024

// Signer signs envelopes and knows the certificates that verify them. Its methods may be called by many goroutines at once.
type Signer struct {
	dir  string
	base string
	key  *rsa.PrivateKey
	name string // of the certificate's file

	signing singleflight.Group // several attempts at one message begin together: one signs, the others wait for it

	mutex  sync.Mutex
	recent map[[sha256.Size]byte]string
	order  [recentSignatures][sha256.Size]byte // ring of the keys of recent
	next   int
}

// LoadSigner reads the signing key in dir, and makes one and its certificate when there is none, or when the certificate ends within 30
// days. A new key has a certificate file of a new name, because consumers keep a certificate they fetched for ever; to change the key
// earlier, call NewSigningKey. CertBaseURL is where subscribers find the certificates: https://host, without the file name.
func LoadSigner(dir, certBaseURL string, now time.Time) (*Signer, error) {
	key, err := loadKey(dir)
	if err != nil {
		return nil, fmt.Errorf("topic: signing key: %w", err)
	}
	certificate, err := ensureCertificate(dir, key, now)
	if err != nil {
		return nil, fmt.Errorf("topic: signing certificate: %w", err)
	}
	if now.Add(renewBefore).After(certificate.NotAfter) {
		if key, err = replaceKey(dir, now); err != nil {
			return nil, fmt.Errorf("topic: renew signing key: %w", err)
		}
	}
	return &Signer{
		dir: dir, base: strings.TrimSuffix(certBaseURL, "/"), key: key, name: certificateName(&key.PublicKey),
		recent: make(map[[sha256.Size]byte]string, recentSignatures),
	}, nil
}

// NewSigningKey makes a key in place of the one in dir, and returns the name of its certificate's file. Servers sign with it from their next
// start on; the certificates of earlier keys stay served.
func NewSigningKey(dir string, now time.Time) (name string, err error) {
	key, err := replaceKey(dir, now)
	if err != nil {
		return "", fmt.Errorf("topic: new signing key: %w", err)
	}
	return certificateName(&key.PublicKey), nil
}

// SigningCertURL is where the certificate of the key that signs now can be fetched.
func (s *Signer) SigningCertURL() string { return s.base + "/" + s.name }

// Certificate returns the certificate file of that name, PEM, also one of an earlier key: what was signed with it may still be on its way.
func (s *Signer) Certificate(name string) (pem []byte, ok bool) {
	if !validCertificateName.MatchString(name) {
		return nil, false
	}
	pem, err := os.ReadFile(filepath.Join(s.dir, name))
	return pem, err == nil
}

// sign returns the base64 signature of the canonical string: RSA PKCS #1 v1.5 over SHA-1 for version 1, over SHA-256 for version 2.
func (s *Signer) sign(version, canonical string) (string, error) {
	id := sha256.Sum256([]byte(version + "\n" + canonical))
	signature, err, _ := s.signing.Do(string(id[:]), func() (any, error) {
		if signature, ok := s.remembered(id); ok {
			return signature, nil
		}
		signature, err := s.make(version, canonical)
		if err == nil {
			s.remember(id, signature)
		}
		return signature, err
	})
	return signature.(string), err
}

func (s *Signer) make(version, canonical string) (string, error) {
	hash, sum := crypto.SHA1, sha1Sum(canonical)
	if version == SignatureSHA256 {
		whole := sha256.Sum256([]byte(canonical))
		hash, sum = crypto.SHA256, whole[:]
	}
	raw, err := rsa.SignPKCS1v15(nil, s.key, hash, sum)
	if err != nil {
		return "", fmt.Errorf("topic: sign: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// sha1Sum hashes as signature version 1 of SNS asks for; most subscribers verify nothing else.
func sha1Sum(canonical string) []byte {
	sum := sha1.Sum([]byte(canonical))
	return sum[:]
}

func (s *Signer) remembered(id [sha256.Size]byte) (string, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	signature, ok := s.recent[id]
	return signature, ok
}

func (s *Signer) remember(id [sha256.Size]byte, signature string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.recent[id]; ok {
		return
	}
	delete(s.recent, s.order[s.next])
	s.order[s.next] = id
	s.recent[id] = signature
	s.next = (s.next + 1) % recentSignatures
}
