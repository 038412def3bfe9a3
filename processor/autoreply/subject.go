package autoreply

import "strings"

// isNotice reports whether a mail or calendar program made the subject for
// another purpose: the answer to an invitation, a receipt, a recall.
func isNotice(subject string) bool { return hasPrefix(normal(subject), noticePhrases[:]) }

// isProgram reports whether only programs begin subjects so.
func isProgram(subject string) bool {
	subject = normal(subject)
	for _, phrase := range programPhrases {
		rest, ok := strings.CutPrefix(subject, phrase)
		if rest = strings.TrimLeft(rest, " \u00a0"); ok && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "：")) {
			return true
		}
	}
	return false
}

// isGone reports whether the subject says that the person is no longer to be
// reached under the address.
func isGone(subject string) bool { return contains(strings.ToLower(subject), gonePhrases[:]) }

// isChallenge reports whether the subject asks the sender to prove that he is a
// person.
func isChallenge(subject string) bool {
	return contains(strings.ToLower(subject), challengePhrases[:])
}

// isTopic reports whether the subject begins with a word for the time off that
// newsletters have as well, and goes on as those of responders do not.
func isTopic(subject string) bool {
	subject = normal(subject)
	for _, phrase := range topicPhrases {
		if rest, ok := strings.CutPrefix(subject, phrase); ok {
			rest = strings.TrimLeft(rest, " \u00a0")
			return rest != "" && !strings.HasPrefix(rest, ":") && !hasPrefix(rest, []string{"auto", "message", "notice", "reply", "response", "mode"})
		}
	}
	return false
}

func normal(subject string) string {
	return strings.ToLower(strings.TrimLeft(subject, " \t[(<*\"'【「"))
}

func hasPrefix(s string, phrases []string) bool {
	for _, phrase := range phrases {
		if strings.HasPrefix(s, phrase) {
			return true
		}
	}
	return false
}

func contains(s string, phrases []string) bool {
	for _, phrase := range phrases {
		if strings.Contains(s, phrase) {
			return true
		}
	}
	return false
}

// isAway reports whether the subject begins as those of auto responders do. One
// that begins with "Re:" does not: people answer automatic replies too.
func isAway(subject string) bool {
	subject = normal(subject)
	if hasPrefix(subject, awayPhrases[:]) {
		return true
	}
	// "Jane Doe is out of the office (returning 5 May)", "[Help #12] AutoReply: Hi"
	return contains(subject, awayEndings[:]) && !hasPrefix(subject, []string{"re:", "aw:", "sv:", "antw:"})
}

var awayPhrases = [...]string{
	"out of office", "out of the office", "out-of-office", "outofoffice", "ooo:", "ooo ", "automatic reply", "automatic response", "automated reply", "automated response", "automatic answer",
	"auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "auto respond", "autorespon", "auto-respond", "auto:", "auto ack",
	"away from", "away:", "away message", "vacation", "on vacation", "on holiday", "holiday", "on leave", "annual leave", "on annual leave", "maternity leave", "parental leave", "i am away", "i'm away", "i am out", "i'm out of", "i am on", "absence", "not in the office", "gone fishing",
	"automatische antwort", "automatische e-mail", "autom. antwort", "automatische abwesenheit", "autoantwort", "abwesenheit", "abwesend", "bin abwesend", "ich bin abwesend", "ich bin nicht", "im urlaub", "urlaub", "nicht im büro", "eingangsbestätigung",
	"réponse automatique", "reponse automatique", "message automatique", "message d'absence", "message d’absence", "absence", "absent", "accusé de réception", "en congé", "en vacances", "je suis absent",
	"respuesta automática", "respuesta automatica", "mensaje automático", "fuera de la oficina", "fuera de oficina", "ausente", "ausencia", "de vacaciones", "contestación automática",
	"resposta automática", "resposta automatica", "fora do escritório", "ausência", "de férias", "em férias",
	"risposta automatica", "messaggio automatico", "fuori sede", "fuori ufficio", "assenza", "assente", "in ferie",
	"automatisch antwoord", "automatische reactie", "automatische beantwoording", "afwezig", "buiten kantoor", "niet aanwezig",
	"autosvar", "automatiskt svar", "automatisk svar", "frånvar", "fravær", "ikke til stede", "ikke på kontoret", "automaattinen vastaus", "poissa", "automatvastaus",
	"automatyczna odpowiedź", "odpowiedź automatyczna", "autoodpowiedź", "poza biurem", "nieobecn", "jestem nieobecn", "urlop",
	"automatická odpov", "automatická odpoveď", "mimo kancelář", "nepřítom", "dovolená", "automatikus válasz", "házon kívül", "távollét", "răspuns automat", "automatski odgovor", "samodejni odgovor",
	"otomatik yanıt", "otomatik cevap", "ofis dışı", "izinde",
	"автоответ", "автоматический ответ", "отсутств", "нет на месте", "вне офиса", "в отпуске", "автоматична відповідь", "автовідповідь", "автоматичен отговор",
	"αυτόματη απάντηση", "εκτός γραφείου", "תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي",
	"自動応答", "自動返信", "自動回答", "不在通知", "不在連絡", "不在のお知らせ", "不在", "自動配信", "受付完了", "外出中", "休暇中",
	"自动回复", "自动答复", "自動回覆", "自動回復", "外出", "休假", "不在办公室", "不在辦公室", "자동 응답", "자동응답", "자동 회신", "자동회신", "부재중", "부재 중", "부재",
	"tự động trả lời", "trả lời tự động", "balasan otomatis", "การตอบกลับอัตโนมัติ", "ตอบกลับอัตโนมัติ",
}

var awayEndings = [...]string{
	"autoreply:", "auto-reply:", "auto reply:", "automatic reply:", "automatische antwort:", "request received", "we received your", "we have received your",
	"is out of the office", "is out of office", "is away from", "is on vacation", "is on holiday", "is currently out of", "will be out of the office", "is not in the office",
	"ist außer haus", "ist abwesend", "ist nicht im büro", "est absent", "está ausente", "está fuera", "è assente", "è fuori", "is afwezig",
}

var topicPhrases = [...]string{
	"vacation", "holiday", "on holiday", "annual leave", "maternity leave", "parental leave", "absence", "absent", "urlaub", "im urlaub", "abwesenheit", "en congé", "en vacances", "de vacaciones", "ausencia", "de férias", "em férias", "ausência", "in ferie", "assenza", "urlop", "dovolená", "休暇", "休假", "外出",
}

// programPhrases stand before a colon at the beginning of the subjects that
// responders make.
var programPhrases = [...]string{
	"out of office autoreply", "out of office auto reply", "out of office auto-reply", "out of office reply", "automatic reply", "automatic response", "automated reply", "auto reply", "auto-reply", "autoreply", "autoresponse", "auto response",
	"automatische antwort", "abwesenheitsnotiz", "abwesenheitsnachricht", "réponse automatique", "réponse d'absence", "absence du bureau", "respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina",
	"risposta automatica", "fuori sede", "resposta automática", "resposta automatica", "automatisch antwoord", "automatische reactie", "afwezigheidsbericht",
	"autosvar", "automatiskt svar", "automatisk svar", "frånvaromeddelande", "automaattinen vastaus", "automatyczna odpowiedź", "odpowiedź automatyczna", "automatická odpověď", "automatická odpoveď", "automatikus válasz",
	"otomatik yanıt", "автоответ", "автоматический ответ", "αυτόματη απάντηση", "תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي", "自動応答", "自動返信", "不在通知", "自动回复", "自动答复", "自動回覆", "자동 응답", "자동 회신", "부재 중 자동 회신",
}

var noticePhrases = [...]string{
	"accepted:", "declined:", "tentative:", "tentatively accepted:", "canceled:", "cancelled:", "new time proposed:", "invitation:", "updated invitation:", "meeting forward notification:", "recall:", "message recall",
	"zugesagt:", "angenommen:", "abgelehnt:", "abgesagt:", "mit vorbehalt:", "accepté", "refusé", "annulé", "provisoire", "aceptada:", "aceptado:", "aceptada por", "rechazada:", "rechazado:", "cancelada:", "provisional:",
	"accettato:", "accettata:", "rifiutato:", "rifiutata:", "annullato:", "aceite:", "aceito:", "recusado:", "cancelado:", "geaccepteerd:", "geweigerd:", "geannuleerd:", "accepterat:", "avböjt:", "accepteret:", "afvist:",
	"hyväksytty:", "hylätty:", "zaakceptowano:", "odrzucono:", "přijato:", "odmítnuto:", "принято:", "отклонено:", "承諾:", "辞退:", "仮承諾:", "已接受:", "已谢绝:", "已拒绝:", "已接受：", "수락:", "거절:",
	"read:", "not read:", "read receipt", "return receipt", "delivered:", "gelesen:", "nicht gelesen:", "lesebestätigung", "lu :", "lu\u00a0:", "lu:", "non lu", "leído:", "no leído:", "letto:", "non letto:", "lida:", "lido:", "gelezen:", "läst:", "læst:", "lest:", "luettu:",
	"przeczytano:", "přečteno:", "elolvasva:", "прочтено:", "прочитано:", "okundu:", "開封済み:", "開封確認", "已读:", "已读：", "讀取:", "읽음:",
}

var gonePhrases = [...]string{
	"no longer works", "no longer working", "no longer work", "no longer with", "no longer employed", "is no longer at", "no longer in use", "no longer active", "no longer monitored", "has left the", "left the company",
	"address has changed", "address change", "change of address", "changed my address", "new email address", "new e-mail address", "new mail address", "my new address",
	"arbeitet nicht mehr", "nicht mehr im unternehmen", "nicht mehr bei", "nicht mehr tätig", "ausgeschieden", "neue e-mail", "neue email", "neue mail", "neue adresse", "geänderte e-mail",
	"ne travaille plus", "n'est plus", "a quitté", "nouvelle adresse", "changement d'adresse", "ya no trabaja", "nueva dirección", "cambio de correo", "non lavora più", "nuovo indirizzo", "cambio indirizzo", "não trabalha mais", "já não trabalha", "novo endereço", "novo e-mail",
	"werkt niet meer", "niet meer werkzaam", "nieuw e-mailadres", "nieuw mailadres", "slutat", "ny e-postadress", "ny mailadresse", "nie pracuje", "nowy adres", "již nepracuje", "nová adresa", "új e-mail", "больше не работает", "новый адрес", "artık çalışmıyor",
	"退職", "退社", "アドレス変更", "新しいメールアドレス", "离职", "離職", "新邮箱", "邮箱变更", "퇴사", "주소 변경",
}

var challengePhrases = [...]string{
	"confirm your message", "confirm your email", "confirm your mail", "please confirm (conf#", "verify your message", "verify your email message", "message verification", "sender verification", "confirmation required", "action required)", "please verify yourself",
	"your message to me is waiting", "awaiting verification", "bestätigen sie ihre nachricht", "bestätigung ihrer nachricht", "confirmez votre message", "confirme su mensaje",
}
