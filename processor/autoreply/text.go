package autoreply

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
)

const (
	// maxOpening is how much of a text its first words are looked for in.
	maxOpening = 600
	// maxText is how much of a text a new address is looked for in.
	maxText = 8 << 10
)

// saysAutomatic reports whether the first words of the text say that a program
// wrote it.
func saysAutomatic(text string) bool {
	opening := strings.ToLower(unquoted(text, maxOpening))
	return contains(opening, automaticPhrases[:])
}

var automaticPhrases = [...]string{
	"this is an automated response", "this is an automated reply", "this is an automatic response", "this is an automatic reply", "this is an auto-reply", "this is an autoresponse", "automatically generated in response",
	"automatically generated response", "automatically generated reply", "automatic acknowledgement", "automated acknowledgement", "diese nachricht wurde automatisch", "diese e-mail wurde automatisch", "dies ist eine automatische", "dies ist eine automatisch",
	"ceci est une réponse automatique", "ceci est un message automatique", "esta es una respuesta automática", "este es un mensaje automático", "questa è una risposta automatica", "esta é uma resposta automática", "dit is een automatisch",
	"это автоматический ответ", "このメールは自動", "自動返信", "自動応答", "本メールは自動", "此邮件为自动", "这是一封自动", "자동으로 발송",
}

// newAddress returns the address that the text gives as a new one, "" when there
// is none, or when it is that of the person or of the reader.
func newAddress(text, from, to string) string {
	text = unquoted(text, maxText)
	previous := ""
	for line := range strings.Lines(text) {
		lower := strings.ToLower(line)
		for start := 0; ; {
			at := strings.IndexByte(line[start:], '@')
			if at < 0 {
				break
			}
			begin, end := bounds(line, start, start+at)
			spec := strings.Trim(line[begin:end], ".'*-")
			before := strings.ToLower(line[start:begin])
			if strings.Trim(before, " \t<(*-") == "" {
				before = previous
			}
			if address.IsAddress(spec) && contains(before, newPhrases[:]) && !address.Equal(spec, from) && !address.Equal(spec, to) {
				return spec
			}
			start = end
		}
		if strings.TrimSpace(lower) != "" {
			previous = lower
		}
	}
	return ""
}

// bounds returns where the address around the "@" begins and ends in line.
func bounds(line string, from, at int) (begin, end int) {
	const stops = " \t\r\n<>()[]\",;:/"
	begin, end = at, at+1
	for begin > from && strings.IndexByte(stops, line[begin-1]) < 0 {
		begin--
	}
	for end < len(line) && strings.IndexByte(stops, line[end]) < 0 && line[end] != '@' {
		end++
	}
	return begin, end
}

// unquoted returns at most limit bytes of text, up to the mail that it answers.
func unquoted(text string, limit int) string {
	end := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, ">") || strings.HasPrefix(line, "-----") || strings.HasPrefix(line, "From: ") || end+len(line) > limit {
			break
		}
		end += len(line)
	}
	return text[:end]
}

// newPhrases stand before a new address, on its line or on the one before.
var newPhrases = [...]string{
	"new address", "new email", "new e-mail", "new mail", "address is now", "changed to", "has moved to", "have moved to", "moved to", "now at", "from now on", "update your address book",
	"neue adresse", "neue e-mail", "neue email", "neue mail", "neuen adresse", "neuen e-mail", "ab sofort", "künftig", "zukünftig", "nouvelle adresse", "désormais", "dorénavant", "nueva dirección", "nuevo correo", "nuova mail", "nuovo indirizzo", "d'ora in poi",
	"novo endereço", "novo e-mail", "novo email", "nieuw adres", "nieuwe e-mail", "nieuw e-mailadres", "nieuwe mailadres", "voortaan", "ny adress", "ny e-post", "ny mail", "uusi osoite", "nowy adres", "nová adresa", "új cím", "новый адрес", "новый e-mail", "yeni adres",
	"新しいアドレス", "新しいメールアドレス", "新アドレス", "新地址", "新邮箱", "新信箱", "새 주소", "새 이메일",
}
