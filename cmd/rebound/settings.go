package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/rebound-mail/rebound/processor"
)

// settings is what a server is told: flags over environment (REBOUND_…) over a YAML file over these defaults.
type settings struct {
	Data      string   `koanf:"data"`
	Domain    string   `koanf:"domain"`
	Region    string   `koanf:"region"`
	HTTP      string   `koanf:"http"`
	HTTPS     string   `koanf:"https"`
	SMTP      string   `koanf:"smtp"`
	LMTP      string   `koanf:"lmtp"`
	Roles     []string `koanf:"roles"`
	PublicURL string   `koanf:"public_url"`
	// CertificateURL is where subscribers fetch the signing certificate; consumers with hard-coded hosts want https://sns.REGION.amazonaws.com.
	CertificateURL string `koanf:"certificate_url"`
	// Auth says whether the signatures of calls to the APIs of SES and SNS are verified: authSigV4 or authNone.
	Auth string `koanf:"auth"`
	// UnsubscribeConfirmation says who gets that message of SNS: endOpenly or endQuietly.
	UnsubscribeConfirmation string `koanf:"unsubscribe_confirmation"`
	TLS                     struct {
		Certificate string `koanf:"certificate"`
		Key         string `koanf:"key"`
	} `koanf:"tls"`
	NATS struct {
		URL    string `koanf:"url"`
		Listen string `koanf:"listen"`
	} `koanf:"nats"`
	SmartHost struct {
		Address  string `koanf:"address"`
		Username string `koanf:"username"`
		Password string `koanf:"password"`
	} `koanf:"smarthost"`
	Webhooks struct {
		Allow []string `koanf:"allow"`
	} `koanf:"webhooks"`
	// Notifications is how they are written where consumers differ: see processor.Style.
	Notifications struct {
		Recipients  string `koanf:"recipients"`
		Destination string `koanf:"destination"`
		Headers     string `koanf:"headers"`
	} `koanf:"notifications"`
	// Retention.Raw is how long the mails that came in are kept, as 14d or 36h.
	Retention struct {
		Raw string `koanf:"raw"`
	} `koanf:"retention"`
	// Logs.MaskAddresses is true or false: whether local parts are left out of the log.
	Logs struct {
		MaskAddresses string `koanf:"mask_addresses"`
	} `koanf:"logs"`
	// Classify.Rules is a file of own rules, which are asked before the built-in ones.
	Classify struct {
		Rules string `koanf:"rules"`
	} `koanf:"classify"`
}

// What some settings may be.
const (
	authSigV4  = "sigv4"
	authNone   = "none"            // for development, on this machine only
	endOpenly  = "unauthenticated" // whoever's unsubscribe link was visited
	endQuietly = "never"
)

// The roles of a process.
const (
	roleIntake   = "intake"
	roleWorker   = "worker"
	roleDelivery = "delivery"
	roleAPI      = "api"
)

// defaults is every setting there is, with the value that it has when nothing is said.
func defaults() map[string]any {
	return map[string]any{
		"data": "./data", "domain": "rebound.localhost", "region": "us-east-1",
		"http": "127.0.0.1:8025", "https": "", "smtp": "127.0.0.1:2525", "lmtp": "",
		"roles":      []string{roleIntake, roleWorker, roleDelivery, roleAPI},
		"public_url": "", "certificate_url": "", "auth": authSigV4, "unsubscribe_confirmation": endOpenly, "tls.certificate": "", "tls.key": "", "nats.url": "", "nats.listen": "",
		"smarthost.address": "127.0.0.1:25", "smarthost.username": "", "smarthost.password": "", "webhooks.allow": []string{},
		"notifications.recipients": "single", "notifications.destination": "recipient-first", "notifications.headers": "always",
		"classify.rules": "", "retention.raw": "14d", "logs.mask_addresses": "false",
	}
}

// serverFlags are the settings that are also flags; the rest is for the file and the environment.
func serverFlags(flags *pflag.FlagSet) {
	flags.String("config", "", "YAML file with settings")
	flags.String("data", "./data", "folder that holds everything: mails, lists, keys")
	flags.String("domain", "rebound.localhost", "our mail domain: of return paths, reports and the simulator")
	flags.String("http", "127.0.0.1:8025", "address of the API, health, metrics and certificates")
	flags.String("https", "", "the same with TLS (needs tls.certificate and tls.key)")
	flags.String("smtp", "127.0.0.1:2525", "address that takes feedback by SMTP; empty: none")
	flags.String("lmtp", "", "address that takes feedback by LMTP: host:port or a socket's path")
	flags.StringSlice("roles", []string{roleIntake, roleWorker, roleDelivery, roleAPI}, "what this process does")
}

// loadSettings merges the sources and refuses what it does not know.
func loadSettings(flags *pflag.FlagSet) (settings, error) {
	var read settings
	k := koanf.New(".")
	if err := k.Load(confmap.Provider(defaults(), "."), nil); err != nil {
		return read, err
	}
	if file, _ := flags.GetString("config"); file != "" {
		values, err := readSettingsFile(file, k.Keys())
		if err != nil {
			return read, err
		}
		if err := k.Load(confmap.Provider(values, "."), nil); err != nil {
			return read, err
		}
	}
	fromEnvironment := map[string]any{}
	for _, key := range k.Keys() {
		name := "REBOUND_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		value, set := os.LookupEnv(name)
		if !set {
			continue
		}
		fromEnvironment[key] = value
		if _, list := defaults()[key].([]string); list {
			fromEnvironment[key] = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	if err := k.Load(confmap.Provider(fromEnvironment, "."), nil); err != nil {
		return read, err
	}
	if err := k.Load(posflag.Provider(flags, ".", k), nil); err != nil {
		return read, err
	}
	k.Delete("config")
	if err := k.Unmarshal("", &read); err != nil {
		return read, fmt.Errorf("settings: %w", err)
	}
	return read, read.check()
}

// readSettingsFile reads a YAML file into flat keys; an error names the file, the line and, for an unknown key, the nearest known one.
func readSettingsFile(file string, known []string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	values := map[string]any{}
	if len(document.Content) == 0 {
		return values, nil
	}
	return values, flatten(file, document.Content[0], "", known, values)
}

func flatten(file string, node *yaml.Node, prefix string, known []string, values map[string]any) error {
	if node.ShortTag() == "!!null" {
		return nil // nothing, or nothing but comments
	}
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: settings are written as \"key: value\"", file, node.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := prefix + key.Value
		isGroup := slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, name+".") })
		switch {
		case seen[name]:
			return fmt.Errorf("%s:%d: %s is set twice", file, key.Line, name)
		case isGroup:
			if err := flatten(file, value, name+".", known, values); err != nil {
				return err
			}
		case !slices.Contains(known, name):
			return fmt.Errorf("%s:%d: unknown key %q, did you mean %q?", file, key.Line, name, nearest(name, known))
		default:
			if err := decodeSetting(file, name, value, values); err != nil {
				return err
			}
		}
		seen[name] = true
	}
	return nil
}

func decodeSetting(file, name string, value *yaml.Node, values map[string]any) error {
	if _, list := defaults()[name].([]string); list && value.Kind == yaml.SequenceNode {
		var items []string
		if err := value.Decode(&items); err != nil {
			return fmt.Errorf("%s:%d: %s is a list of words", file, value.Line, name)
		}
		values[name] = items
		return nil
	} else if list {
		return fmt.Errorf("%s:%d: %s is a list: write [a, b]", file, value.Line, name)
	}
	var text string
	if err := value.Decode(&text); err != nil || value.Kind != yaml.ScalarNode {
		return fmt.Errorf("%s:%d: %s is one word or line of text", file, value.Line, name)
	}
	values[name] = text
	return nil
}

// nearest is the known key that takes the fewest changes of a letter to reach.
func nearest(word string, known []string) string {
	best, least := "", 1<<30
	for _, candidate := range known {
		if d := distance(word, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is the number of letters to insert, drop or change (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// check finds what cannot work before anything is opened.
func (s settings) check() error {
	problems := slices.Concat(s.checkAddresses(), s.checkURLs(), s.checkAWS())
	if _, err := s.style(); err != nil {
		problems = append(problems, fmt.Errorf("settings: %w", err))
	}
	problems = append(problems, s.checkPrivacy()...)
	if len(s.Roles) == 0 {
		problems = append(problems, errors.New("settings: roles: name at least one, or leave them out for all"))
	}
	all := []string{roleIntake, roleWorker, roleDelivery, roleAPI}
	for _, role := range s.Roles {
		if !slices.Contains(all, role) {
			problems = append(problems, fmt.Errorf("settings: roles: unknown role %q, did you mean %q?", role, nearest(role, all)))
		}
	}
	if (s.TLS.Certificate == "") != (s.TLS.Key == "") {
		problems = append(problems, errors.New("settings: tls needs both certificate and key"))
	}
	if s.HTTPS != "" && s.TLS.Certificate == "" {
		problems = append(problems, errors.New("settings: https needs tls.certificate and tls.key"))
	}
	for _, allowed := range s.Webhooks.Allow {
		if _, err := netip.ParsePrefix(allowed); err != nil {
			problems = append(problems, fmt.Errorf("settings: webhooks.allow: %q is no network such as 10.1.0.0/16", allowed))
		}
	}
	return errors.Join(problems...)
}

// checkAWS looks at what the APIs of SES and SNS are told.
func (s settings) checkAWS() (problems []error) {
	switch s.Auth {
	case authSigV4:
	case authNone:
		for _, addr := range []string{s.HTTP, s.HTTPS} {
			if addr != "" && !isLoopback(addr) {
				problems = append(problems, fmt.Errorf("settings: auth: none opens everything to whoever reaches %s; listen on 127.0.0.1, or leave it at %s", addr, authSigV4))
			}
		}
	default:
		problems = append(problems, fmt.Errorf("settings: auth: %q is neither %s nor %s", s.Auth, authSigV4, authNone))
	}
	if s.UnsubscribeConfirmation != endOpenly && s.UnsubscribeConfirmation != endQuietly {
		problems = append(problems, fmt.Errorf("settings: unsubscribe_confirmation: %q is neither %s nor %s", s.UnsubscribeConfirmation, endOpenly, endQuietly))
	}
	return problems
}

// isLoopback tells whether only this machine reaches an address.
func isLoopback(hostPort string) bool {
	host, _, _ := net.SplitHostPort(hostPort)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (s settings) checkAddresses() (problems []error) {
	for _, one := range []struct{ key, addr string }{{"http", s.HTTP}, {"https", s.HTTPS}, {"smtp", s.SMTP}, {"lmtp", s.LMTP},
		{"nats.listen", s.NATS.Listen}, {"smarthost.address", s.SmartHost.Address}} {
		if one.addr == "" || one.key == "lmtp" && isSocket(one.addr) {
			continue
		}
		if _, _, err := net.SplitHostPort(one.addr); err != nil {
			problems = append(problems, fmt.Errorf("settings: %s: %q is no host:port such as 127.0.0.1:8025", one.key, one.addr))
		}
	}
	return problems
}

func (s settings) checkURLs() (problems []error) {
	if host, _, err := net.SplitHostPort(s.HTTP); err == nil && s.PublicURL == "" {
		if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
			problems = append(problems, fmt.Errorf("settings: http listens on all addresses (%s): say in public_url how subscribers reach it", s.HTTP))
		}
	}
	for _, one := range []struct{ key, text string }{{"public_url", s.PublicURL}, {"certificate_url", s.CertificateURL}} {
		parsed, err := url.Parse(one.text)
		if one.text != "" && (err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https") {
			problems = append(problems, fmt.Errorf("settings: %s: %q is no URL such as https://rebound.example.org", one.key, one.text))
		}
	}
	return problems
}

// isSocket says whether an address is the path of a Unix socket.
func isSocket(addr string) bool { return strings.HasPrefix(addr, "/") || strings.HasPrefix(addr, "./") }

// style is how notifications are written.
func (s settings) style() (processor.Style, error) {
	return processor.ParseStyle(s.Notifications.Recipients, s.Notifications.Destination, s.Notifications.Headers)
}

func (s settings) has(role string) bool { return slices.Contains(s.Roles, role) }

// publicURL is the base of the links that subscribers follow.
func (s settings) publicURL() string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	return "http://" + s.HTTP
}

func (s settings) certificateURL() string {
	if s.CertificateURL != "" {
		return strings.TrimSuffix(s.CertificateURL, "/")
	}
	return s.publicURL()
}
