package returnpath

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/rebound-mail/rebound/processor/account/secretfile"
)

const (
	// secretLength is the length of a key in bytes: that of the hash (RFC 2104 section 3).
	secretLength = 32
	// maxKeysFile bounds what is read of the file: more than 256 keys fill.
	maxKeysFile = 64 << 10
)

// Keys are the keys that sign return paths. The newest makes new ones; older ones verify theirs until they have expired.
// The methods may be called by many goroutines at once.
type Keys struct {
	path string

	mu   sync.RWMutex
	keys []key // oldest first; never empty
}

type key struct {
	number  byte // the first byte of its tokens
	secret  []byte
	created time.Time
}

// keysFile is the form of the file. Secrets are base64, as encoding/json writes bytes.
type keysFile struct {
	Keys []keyEntry `json:"keys"`
}

type keyEntry struct {
	Number  byte      `json:"number"`
	Secret  []byte    `json:"secret"`
	Created time.Time `json:"created"`
}

// LoadKeys reads the keys from the JSON file at path. When there is no file it makes one with a new key, which its owner
// alone can read. Without the file the paths of mails already sent cannot be verified any more: back it up.
func LoadKeys(path string, now time.Time) (*Keys, error) {
	keys, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		keys, err = createKeys(path, now)
	}
	if err != nil {
		return nil, fmt.Errorf("returnpath: keys file %s: %w", path, err)
	}
	return &Keys{path: path, keys: keys}, nil
}

// Rotate adds a key, which signs from now on, and forgets those whose paths have all expired. The file is replaced
// before the new key is used. Other processes that use the same file see the new key when they load it anew.
func (k *Keys) Rotate(now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := unexpired(k.keys, now)
	next := newKey(kept[len(kept)-1].number+1, now)
	if slices.ContainsFunc(kept, func(old key) bool { return old.number == next.number }) {
		return fmt.Errorf("returnpath: all %d key numbers are in use: rotate less often", 1<<8)
	}
	keys := append(kept, next)
	content, err := encodeKeys(keys)
	if err == nil {
		err = secretfile.Replace(k.path, content)
	}
	if err != nil {
		return fmt.Errorf("returnpath: rotate: %w", err)
	}
	k.keys = keys
	return nil
}

// unexpired returns the keys that may have signed a path which is still accepted. A key signed its last path when the
// next one came; a day more covers machines whose clocks differ.
func unexpired(keys []key, now time.Time) []key {
	first := 0
	for first < len(keys)-1 && dayOf(now)-dayOf(keys[first+1].created) > lifetimeDays+1 {
		first++
	}
	return slices.Clone(keys[first:])
}

func (k *Keys) newest() key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[len(k.keys)-1]
}

func (k *Keys) numbered(number byte) (key, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, candidate := range k.keys {
		if candidate.number == number {
			return candidate, true
		}
	}
	return key{}, false
}

func newKey(number byte, now time.Time) key {
	secret := make([]byte, secretLength)
	rand.Read(secret) // never fails (crypto/rand)
	return key{number: number, secret: secret, created: now.UTC()}
}

// createKeys writes the first key. When another process was faster, its key is ours too.
func createKeys(path string, now time.Time) ([]key, error) {
	keys := []key{newKey(1, now)}
	content, err := encodeKeys(keys)
	if err != nil {
		return nil, err
	}
	err = secretfile.Create(path, content)
	if errors.Is(err, fs.ErrExist) {
		return readKeys(path)
	}
	return keys, err
}

func readKeys(path string) ([]key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxKeysFile {
		return nil, fmt.Errorf("it has %d bytes, at most %d are read: restore it from a backup", info.Size(), maxKeysFile)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := decodeKeys(content)
	if err != nil {
		return nil, fmt.Errorf("%w: restore it from a backup, or remove it to start with a new key", err)
	}
	return keys, nil
}

func encodeKeys(keys []key) ([]byte, error) {
	var file keysFile
	for _, k := range keys {
		file.Keys = append(file.Keys, keyEntry{Number: k.number, Secret: k.secret, Created: k.created})
	}
	content, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(content, '\n'), nil
}

func decodeKeys(content []byte) ([]key, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var file keysFile
	if err := decoder.Decode(&file); err != nil {
		return nil, err
	}
	if len(file.Keys) == 0 {
		return nil, errors.New("it holds no key")
	}
	keys := make([]key, 0, len(file.Keys))
	seen := map[byte]bool{}
	for _, entry := range file.Keys {
		if len(entry.Secret) != secretLength {
			return nil, fmt.Errorf("key %d has %d bytes, want %d", entry.Number, len(entry.Secret), secretLength)
		}
		if entry.Created.IsZero() || seen[entry.Number] {
			return nil, fmt.Errorf("key %d has no date or stands there twice", entry.Number)
		}
		seen[entry.Number] = true
		keys = append(keys, key{number: entry.Number, secret: entry.Secret, created: entry.Created})
	}
	slices.SortStableFunc(keys, func(a, b key) int { return a.created.Compare(b.created) })
	return keys, nil
}
